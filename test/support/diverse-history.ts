// A history with one of everything that a binary log can hold, written by sessions of every kind.
import { Connection } from '../../src/wire/connection.ts'
import type { TestServer } from './servers.ts'

type Step = string | Buffer

/** Statements of sessions of their own, one list each; `;` separates nothing, an entry is a statement. */
export async function makeDiverseHistory(server: TestServer): Promise<void> {
  const isMysql = server.flavour === 'mysql'
  await session(server, [...tables, ...(isMysql ? mysqlTables : mariadbTables)])
  await session(server, rows)
  await session(server, isMysql ? mysqlRows : mariadbRows)
  await session(server, foreignKeys)
  await session(server, code)
  await session(server, alterations)
  await session(server, transactions)
  await session(server, charsets)
  await session(server, clocks)
  await session(server, accounts(isMysql))
  await session(server, statements(isMysql))
  await session(server, large)
  await session(server, isMysql ? mysqlOnly : mariadbOnly)
  await loadData(server)
}

/** Runs them in a session of their own. */
export async function session(server: TestServer, steps: readonly Step[]): Promise<void> {
  await using connection = await Connection.open(server.settings())
  for (const step of steps) await connection.queryResult(step)
}

const tables: readonly Step[] = [
  'CREATE DATABASE div1 CHARACTER SET utf8mb4',
  'CREATE DATABASE `d ä``x` CHARACTER SET latin1',
  'USE div1',
  `CREATE TABLE types (
    id INT AUTO_INCREMENT PRIMARY KEY, t1 TINYINT, t2 SMALLINT UNSIGNED, t3 MEDIUMINT, t4 BIGINT UNSIGNED, b1 BIT(1), b64 BIT(64),
    f FLOAT, d DOUBLE, n DECIMAL(65,30), c CHAR(10), v VARCHAR(300), bn BINARY(5), vb VARBINARY(100), tx TEXT, bl LONGBLOB,
    e ENUM('a','b','ü'), s SET('x','y','z'), da DATE, ti TIME(6), dt DATETIME(3), ts TIMESTAMP(6) NULL, y YEAR, j JSON, g GEOMETRY,
    gv INT AS (t1 * 2) VIRTUAL, gs BIGINT AS (t2 + 1) STORED, KEY (gv))`,
  'CREATE TABLE counter (id INT PRIMARY KEY, n BIGINT)',
  'CREATE TABLE nokey (a INT, b VARCHAR(20))',
  'CREATE TABLE `we``ird tab.le` (`c ol` INT PRIMARY KEY, `ü` TEXT)',
  'CREATE TABLE myisam (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT, FULLTEXT (v)) ENGINE=MyISAM',
  'CREATE TABLE parts (id INT, y INT, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)',
]

const mysqlTables: readonly Step[] = [
  'CREATE TABLE inv (id INT PRIMARY KEY, hidden INT INVISIBLE DEFAULT 7, CHECK (hidden > 0))',
  'CREATE TABLE srid (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL INDEX (p))',
  'CREATE TABLE fi (id INT PRIMARY KEY, j JSON, KEY ((CAST(j->>"$.a" AS CHAR(20) CHARACTER SET utf8mb4) COLLATE utf8mb4_bin)))',
  'SET SESSION sql_generate_invisible_primary_key=1',
  'CREATE TABLE gipk (v INT)',
]

const mariadbTables: readonly Step[] = [
  'CREATE TABLE inv (id INT PRIMARY KEY, hidden INT INVISIBLE DEFAULT 7, CONSTRAINT pos CHECK (hidden > 0))',
  'CREATE TABLE md (id INT PRIMARY KEY, u UUID, i6 INET6, d VARCHAR(20) DEFAULT (CONCAT("x", id)), co TEXT COMPRESSED)',
  'CREATE TABLE ver (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
  'CREATE SEQUENCE seq1 START WITH 5 INCREMENT BY 3 CACHE 4',
  'CREATE TABLE useseq (id INT PRIMARY KEY DEFAULT (NEXT VALUE FOR seq1), v INT)',
  'CREATE TABLE ar (id INT PRIMARY KEY, v TEXT) ENGINE=Aria TRANSACTIONAL=1',
]

const rows: readonly Step[] = [
  'USE div1',
  "SET sql_mode='', time_zone='+05:30'",
  'INSERT INTO counter VALUES (1, 0)',
  `INSERT INTO types (t1,t2,t3,t4,b1,b64,f,d,n,c,v,bn,vb,tx,bl,e,s,da,ti,dt,ts,y,j,g) VALUES
   (-128,65535,-8388608,18446744073709551615,b'1',b'1010101',16777216,1e-300,12345678901234567890.123456789,'abc','v€😀','b\\0c','\\0\\'\\\\','text',REPEAT('\\0\\n',500),'ü','x,z','0000-00-00','-838:59:59.123456','2020-02-29 23:59:59.999','2020-01-01 00:00:00.5','1901','{"a": [1, 2.5, null]}',ST_GeomFromText('POINT(1 2)')),
   (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
   (1,2,3,4,b'0',0,0.1,-0.0,-1,'','','','','','','','','2026-02-28','00:00:00','9999-12-31','2038-01-19 03:14:07','2155','"ä"',NULL)`,
  "UPDATE types SET v = CONCAT(IFNULL(v, ''), 'x'), t1 = 5 WHERE id <> 2",
  'DELETE FROM types WHERE id = 2',
  "INSERT INTO nokey VALUES (1,'a'),(1,'a'),(2,NULL)",
  "UPDATE nokey SET b = 'changed' WHERE a = 1 LIMIT 1",
  'DELETE FROM nokey WHERE a = 2',
  "INSERT INTO `we``ird tab.le` VALUES (1, 'ö'), (2, NULL)",
  "INSERT INTO myisam (v) VALUES ('one'), ('two')",
  "UPDATE myisam SET v = 'three' WHERE id = 2",
  'INSERT INTO parts VALUES (1, 1990), (2, 2020)',
  'UPDATE parts SET y = 2021 WHERE id = 1',
  'REPLACE INTO counter VALUES (1, 1), (2, 2)',
  'INSERT INTO counter VALUES (2, 5) ON DUPLICATE KEY UPDATE n = n + 10',
  'INSERT INTO inv (id) VALUES (1)',
  'INSERT INTO inv (id, hidden) VALUES (2, 99)',
]

const mysqlRows: readonly Step[] = [
  'USE div1',
  "INSERT INTO srid VALUES (1, ST_GeomFromText('POINT(10 20)', 4326))",
  `INSERT INTO fi VALUES (1, '{"a": "x", "big": "${'y'.repeat(2000)}"}')`,
  'SET binlog_row_value_options=PARTIAL_JSON',
  `UPDATE fi SET j = JSON_SET(j, '$.a', 'z')`,
  "SET binlog_row_value_options=''",
  'INSERT INTO gipk VALUES (1), (2)',
  'SET SESSION binlog_transaction_compression=ON',
  'BEGIN',
  "INSERT INTO nokey SELECT 7, REPEAT('c', 20) FROM information_schema.columns LIMIT 500",
  'UPDATE counter SET n = n + 1',
  'COMMIT',
  'SET SESSION binlog_transaction_compression=OFF',
  'SET SESSION binlog_row_image=MINIMAL',
  "UPDATE types SET c = 'minimal' WHERE id = 1",
  'DELETE FROM types WHERE id = 3',
  'SET SESSION binlog_row_image=NOBLOB',
  "UPDATE types SET c = 'noblob' WHERE id = 1",
  'SET SESSION binlog_row_image=FULL',
]

const mariadbRows: readonly Step[] = [
  'USE div1',
  "INSERT INTO md (id, u, i6, co) VALUES (1, UUID(), '::1', REPEAT('z', 5000)), (2, NULL, NULL, NULL)",
  'INSERT INTO ver VALUES (1, 1), (2, 1)',
  'UPDATE ver SET v = 2 WHERE id = 1',
  'DELETE FROM ver WHERE id = 2',
  'SELECT NEXTVAL(seq1)',
  'INSERT INTO useseq (v) VALUES (1), (2), (3), (4), (5), (6)',
  'SELECT SETVAL(seq1, 500)',
  "INSERT INTO ar VALUES (1, 'aria')",
  'SET GLOBAL log_bin_compress=1',
  'SET GLOBAL log_bin_compress_min_len=10',
  'BEGIN',
  "INSERT INTO nokey SELECT 7, REPEAT('c', 20) FROM information_schema.columns LIMIT 500",
  "UPDATE nokey SET b = 'compressed update' WHERE a = 7",
  'COMMIT',
  `CREATE TABLE compressed_ddl (id INT PRIMARY KEY COMMENT '${'c'.repeat(600)}')`,
  'SET GLOBAL log_bin_compress=0',
  'SET SESSION binlog_row_image=MINIMAL',
  "UPDATE types SET c = 'minimal' WHERE id = 1",
  'DELETE FROM types WHERE id = 3',
  'SET SESSION binlog_row_image=FULL',
]

const foreignKeys: readonly Step[] = [
  'USE div1',
  'CREATE TABLE parent (id INT PRIMARY KEY, v INT)',
  'CREATE TABLE child (id INT PRIMARY KEY, pid INT, CONSTRAINT c1 FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE grandchild (id INT PRIMARY KEY, cid INT, FOREIGN KEY (cid) REFERENCES child (id) ON DELETE SET NULL)',
  'INSERT INTO parent VALUES (1,1),(2,2),(3,3)',
  'INSERT INTO child VALUES (10,1),(11,1),(20,2),(30,3)',
  'INSERT INTO grandchild VALUES (100,10),(200,20),(300,30)',
  'DELETE FROM parent WHERE id = 1',
  'UPDATE parent SET id = 22 WHERE id = 2',
  'SET foreign_key_checks=0',
  'INSERT INTO child VALUES (99, 12345)',
  'DELETE FROM parent WHERE id = 3',
  'SET foreign_key_checks=1',
]

const code: readonly Step[] = [
  'USE div1',
  'CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100))',
  "CREATE TRIGGER tr1 AFTER INSERT ON nokey FOR EACH ROW INSERT INTO log (what) VALUES (CONCAT('ins ', NEW.a))",
  "CREATE TRIGGER tr2 BEFORE UPDATE ON nokey FOR EACH ROW BEGIN SET NEW.b = CONCAT(NEW.b, ';'); INSERT INTO log (what) VALUES ('upd'); END",
  "INSERT INTO nokey VALUES (50, 'trig')",
  "UPDATE nokey SET b = 'again' WHERE a = 50",
  'CREATE PROCEDURE p1(IN x INT) BEGIN -- a comment; with semicolon\n  UPDATE counter SET n = n + x; INSERT INTO nokey VALUES (x, "from p1"); END',
  'CALL p1(3)',
  "CREATE FUNCTION f1(x INT) RETURNS VARCHAR(20) DETERMINISTIC RETURN CONCAT('f', x)",
  'INSERT INTO log (what) SELECT f1(a) FROM nokey WHERE a = 50',
  'CREATE VIEW v1 AS SELECT id, n FROM counter WHERE n > 0 WITH CHECK OPTION',
  'UPDATE v1 SET n = n + 1 WHERE id = 1',
  "CREATE EVENT ev1 ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' COMMENT 'ev' DO DELETE FROM log",
  "CREATE EVENT ev2 ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO UPDATE counter SET n = 0",
  'ALTER EVENT ev1 COMMENT "changed"',
  'CREATE EVENT ev3 ON SCHEDULE EVERY 1 HOUR DO SELECT 1',
  'DROP EVENT ev3',
  'DROP TRIGGER tr2',
]

const alterations: readonly Step[] = [
  'USE div1',
  'CREATE TABLE alt (a INT)',
  'INSERT INTO alt VALUES (1), (2)',
  'ALTER TABLE alt ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY FIRST, ADD COLUMN d DATETIME DEFAULT CURRENT_TIMESTAMP',
  "ALTER TABLE alt ADD COLUMN b VARCHAR(30) DEFAULT 'x' AFTER a, ADD INDEX ib (b)",
  'ALTER TABLE alt DROP COLUMN a, RENAME COLUMN b TO bb',
  'INSERT INTO alt (bb) VALUES ("new")',
  'RENAME TABLE alt TO alt2, nokey TO nokey2, nokey2 TO nokey',
  'CREATE TABLE alt3 LIKE alt2',
  'INSERT INTO alt3 SELECT * FROM alt2',
  'CREATE TABLE ctas AS SELECT * FROM alt2',
  'CREATE TABLE ctas_empty AS SELECT * FROM alt2 WHERE 1=0',
  'TRUNCATE TABLE alt3',
  'INSERT INTO alt3 (bb) VALUES ("after truncate")',
  'CREATE INDEX i2 ON alt3 (bb)',
  'DROP INDEX i2 ON alt3',
  'ALTER TABLE parts REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (2010), PARTITION p2 VALUES LESS THAN MAXVALUE)',
  'ALTER TABLE parts TRUNCATE PARTITION p0',
  'ALTER TABLE alt3 AUTO_INCREMENT = 1000',
  'INSERT INTO alt3 (bb) VALUES ("1000")',
  'ANALYZE TABLE alt3',
  'OPTIMIZE TABLE alt3',
  'DROP TABLE IF EXISTS never_there',
  'CREATE TABLE IF NOT EXISTS alt2 (x INT)',
  'CREATE DATABASE gone',
  'CREATE TABLE gone.t (a INT)',
  'USE gone',
  'INSERT INTO t VALUES (1)',
  'DROP DATABASE gone',
  "INSERT INTO div1.log (what) VALUES ('in no schema')",
  'CREATE TABLE div1.from_nowhere (a INT)',
  'CREATE DATABASE gone',
  'USE gone',
  'CREATE TABLE back (a INT)',
  'ALTER DATABASE gone CHARACTER SET latin1',
  'CREATE TABLE latin (a TEXT)',
  'USE `d ä``x`',
  "CREATE TABLE `tä` (a VARCHAR(10) DEFAULT 'ä')",
  'INSERT INTO `tä` VALUES (DEFAULT)',
]

const transactions: readonly Step[] = [
  'USE div1',
  'BEGIN',
  'UPDATE counter SET n = n + 100',
  'SAVEPOINT `s;p`',
  "INSERT INTO log (what) VALUES ('rolled back')",
  'ROLLBACK TO SAVEPOINT `s;p`',
  "INSERT INTO log (what) VALUES ('kept')",
  'SAVEPOINT two',
  "INSERT INTO log (what) VALUES ('kept too')",
  'COMMIT',
  'BEGIN',
  'UPDATE counter SET n = 0',
  'ROLLBACK',
  "XA START 'trx1'",
  'UPDATE counter SET n = n + 1000',
  "XA END 'trx1'",
  "XA PREPARE 'trx1'",
  "XA COMMIT 'trx1'",
  "XA START 'trx2', 'branch', 77",
  'UPDATE counter SET n = n + 5000 WHERE id = 2',
  "XA END 'trx2', 'branch', 77",
  "XA COMMIT 'trx2', 'branch', 77 ONE PHASE",
  "XA START 'trx3'",
  'UPDATE counter SET n = -1',
  "XA END 'trx3'",
  "XA PREPARE 'trx3'",
  "XA ROLLBACK 'trx3'",
  'CREATE TEMPORARY TABLE tmp1 (id INT)',
  'INSERT INTO tmp1 VALUES (1), (2)',
  "INSERT INTO log (what) SELECT CONCAT('tmp ', id) FROM tmp1",
  'DROP TEMPORARY TABLE tmp1',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT',
  'DELETE FROM log WHERE id = 1',
  'COMMIT',
  'UPDATE counter c JOIN log l ON l.id = c.id SET c.n = c.n + 1, l.what = "multi"',
  'DELETE c, l FROM counter c JOIN log l ON l.id = c.id WHERE c.id = 999',
]

const charsets: readonly Step[] = [
  'SET NAMES latin1',
  'USE div1',
  Buffer.from("CREATE TABLE lat (a VARCHAR(10) DEFAULT '\u00e4\u00f6') COMMENT='\u00fc'", 'latin1'),
  Buffer.from("INSERT INTO lat VALUES ('\u00df'), (DEFAULT)", 'latin1'),
  Buffer.from("CREATE VIEW lview AS SELECT '\u00e9' AS a", 'latin1'),
  'SET NAMES utf8mb4',
  "SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
  `CREATE TABLE "an""si" ("a b" VARCHAR(20) DEFAULT 'x\\y')`,
  `INSERT INTO "an""si" VALUES (DEFAULT), ('a\\' || 'b')`,
  'CREATE PROCEDURE ansi() SELECT "a b" FROM "an""si"',
  "SET sql_mode=DEFAULT, collation_connection=utf8mb4_bin, lc_time_names='de_DE'",
  'CREATE FUNCTION coll() RETURNS TEXT DETERMINISTIC RETURN DATE_FORMAT("2020-01-01", "%W")',
  'SET foreign_key_checks=0, unique_checks=0',
  'CREATE TABLE dangling (a INT, FOREIGN KEY (a) REFERENCES not_there (id))',
  'SET foreign_key_checks=1, unique_checks=1',
  'SET NAMES sjis',
  // Katakana SO in Shift-JIS is 83 5c: its second byte is a backslash in ASCII.
  Buffer.from("CREATE TABLE sj (a TEXT COMMENT '\x83\x5c')", 'latin1'),
]

const clocks: readonly Step[] = [
  'USE div1',
  'CREATE TABLE clock (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6), d DATETIME DEFAULT NOW())',
  'SET timestamp=1900000000.123456',
  'INSERT INTO clock VALUES ()',
  'CREATE TABLE clocked AS SELECT NOW(6) AS n',
  'SET timestamp=100',
  'INSERT INTO clock VALUES ()',
  'SET timestamp=DEFAULT',
  'INSERT INTO clock VALUES ()',
  'SET auto_increment_increment=7, auto_increment_offset=3',
  'INSERT INTO clock VALUES (), ()',
]

function accounts(isMysql: boolean): readonly Step[] {
  return [
    "CREATE USER 'div'@'%' IDENTIFIED BY 'Sec''ret;1'",
    "CREATE USER 'div2'@'localhost' IDENTIFIED BY 'x' REQUIRE SSL",
    "GRANT SELECT, INSERT (id, n) ON div1.counter TO 'div'@'%'",
    "GRANT ALL ON `d ä``x`.* TO 'div2'@'localhost' WITH GRANT OPTION",
    'CREATE ROLE divrole',
    'GRANT EXECUTE ON div1.* TO divrole',
    "GRANT divrole TO 'div'@'%'",
    "SET PASSWORD FOR 'div'@'%' = " + (isMysql ? "'Other;2'" : "PASSWORD('Other;2')"),
    "REVOKE INSERT (n) ON div1.counter FROM 'div'@'%'",
    "RENAME USER 'div2'@'localhost' TO 'div3'@'localhost'",
    "CREATE USER 'brief'@'%'",
    "DROP USER 'brief'@'%'",
    "CREATE DEFINER='div'@'%' PROCEDURE div1.defproc() SQL SECURITY DEFINER SELECT 1",
  ]
}

function statements(isMysql: boolean): readonly Step[] {
  return [
    'USE div1',
    'CREATE TABLE sbr (id INT AUTO_INCREMENT PRIMARY KEY, r DOUBLE, v VARCHAR(100) CHARACTER SET utf8mb4, n DECIMAL(30,5), li BIGINT)',
    "SET binlog_format='STATEMENT'",
    "SET @t='ä\\\\''x', @n=-12345.678, @i=-9007199254740993, @d=1.5e-10, @z=NULL",
    'INSERT INTO sbr (r, v, n) VALUES (RAND(), @t, @n), (@d, @z, @i)',
    'INSERT INTO sbr (v, li) VALUES ("last", LAST_INSERT_ID())',
    'UPDATE sbr SET r = RAND() ORDER BY id',
    'BEGIN',
    'INSERT INTO sbr (v) VALUES (NOW(6)), (CONNECTION_ID() > 0)',
    'UPDATE sbr SET v = CONCAT(v, "!") WHERE id = 1',
    'COMMIT',
    ...(isMysql
      ? []
      : [
          'CREATE TEMPORARY TABLE stmp (a INT)',
          'INSERT INTO stmp VALUES (1), (2)',
          'INSERT INTO sbr (v) SELECT a FROM stmp',
          'DROP TEMPORARY TABLE stmp',
        ]),
  ]
}

const large: readonly Step[] = [
  'USE div1',
  'CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)',
  'BEGIN',
  'INSERT INTO big (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT REPEAT(CHAR(65 + i % 26), 5000) FROM n',
  'UPDATE big SET v = CONCAT(v, "x") WHERE id % 2 = 0',
  'UPDATE counter, big SET counter.n = counter.n + 1, big.v = "joined" WHERE counter.id = big.id',
  'DELETE FROM big WHERE id > 800',
  'COMMIT',
  "INSERT INTO big (v) VALUES (REPEAT('L', 3000000))",
]

const mysqlOnly: readonly Step[] = [
  'USE div1',
  'CREATE TABLE part_json (id INT PRIMARY KEY, j JSON)',
  'ALTER TABLE inv ALTER COLUMN hidden SET VISIBLE',
  'ALTER TABLE counter ADD COLUMN extra INT DEFAULT 5, ALGORITHM=INSTANT',
  'UPDATE counter SET extra = 6 WHERE id = 1',
  'CREATE SPATIAL REFERENCE SYSTEM IF NOT EXISTS 4120000 NAME "x" DEFINITION \'GEOGCS["x",DATUM["World Geodetic System 1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.017453292519943278],AXIS["Lat",NORTH],AXIS["Lon",EAST]]\'',
  'SET gtid_next="AUTOMATIC:tag_one"',
  'UPDATE counter SET n = n + 7',
  'SET gtid_next="AUTOMATIC"',
]

const mariadbOnly: readonly Step[] = [
  'USE div1',
  "SET sql_mode='ORACLE'",
  'CREATE PROCEDURE orap AS BEGIN NULL; END;',
  "BEGIN NOT ATOMIC INSERT INTO log (what) VALUES ('block'); END",
  "INSERT INTO log (what) VALUES ('oracle')",
  'SET sql_mode=DEFAULT',
  'SET STATEMENT max_statement_time=60 FOR CREATE TABLE setst (a INT)',
  'CREATE OR REPLACE TABLE ctas AS SELECT 1 AS one',
  'SET binlog_alter_two_phase=1',
  'ALTER TABLE setst ADD COLUMN b INT, ALGORITHM=COPY',
  'SET binlog_alter_two_phase=0',
  'ALTER SEQUENCE seq1 RESTART WITH 900',
  'SELECT NEXTVAL(seq1)',
  'SET gtid_domain_id=7',
  'UPDATE counter SET n = n + 7',
  'INSERT INTO log (what) VALUES ("domain 7")',
  'SET gtid_domain_id=0',
  'SET system_versioning_alter_history=KEEP',
  'ALTER TABLE ver ADD COLUMN w INT DEFAULT 3',
  'UPDATE ver SET w = 4',
  'SET check_constraint_checks=0',
  'INSERT INTO inv (id, hidden) VALUES (3, -5)',
  'SET check_constraint_checks=1',
]

async function loadData(server: TestServer): Promise<void> {
  await using connection = await Connection.open(server.settings())
  await connection.run('USE div1')
  await connection.loadData("LOAD DATA LOCAL INFILE 'x' INTO TABLE nokey", [
    Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i + 1000}\trow ${i}\n`).join('')),
  ])
}
