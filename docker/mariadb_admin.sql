-- Run once, as root, when the data volume is new. The image itself has made the user, with all rights on `market`.
-- market.migrate creates one user a component and hands on rights inside `market`; nothing else is the administrator's.
GRANT CREATE USER ON *.* TO 'market_admin'@'%';
GRANT ALL PRIVILEGES ON `market`.* TO 'market_admin'@'%' WITH GRANT OPTION;
