// Tables with every kind of key that can be cut by, filled unevenly on purpose, and those that cannot.
import type { TestServer } from './servers.ts'

export interface KeyCase {
  readonly title: string
  readonly flavour?: TestServer['flavour']
  /** Run before; the table is `t`, and `n` has the numbers 0 to 9999 as `i`. */
  readonly sql: string
  /** Rows that a range has at most where the key tells them apart; 3 times the target by default. */
  readonly largest?: number
}

/** What the ranges of the tables are cut to. */
export const targetRows = 200

/** `count` characters from `first` on. */
function characters(first: number, count: number): string {
  return String.fromCodePoint(...Array.from({ length: count }, (_, at) => first + at))
}

export const rangedTables: readonly KeyCase[] = [
  {
    title: 'integers with gaps of 2^40',
    sql: 'CREATE TABLE t (k BIGINT PRIMARY KEY, v INT); INSERT INTO t SELECT i + (i DIV 700) * 1099511627776, i FROM n WHERE i < 7000',
  },
  {
    title: 'integers that double and a dense part among them',
    sql: 'CREATE TABLE t (k BIGINT PRIMARY KEY); INSERT INTO t SELECT i FROM n WHERE i < 6000; INSERT INTO t SELECT 1 << (i + 13) FROM n WHERE i < 49',
  },
  {
    title: 'unsigned integers above 2^63',
    sql: 'CREATE TABLE t (k BIGINT UNSIGNED PRIMARY KEY); INSERT INTO t SELECT 18446744073709551615 - i * i FROM n WHERE i < 4000; INSERT INTO t VALUES (0), (9223372036854775808)',
  },
  {
    title: 'negative integers',
    sql: 'CREATE TABLE t (k INT PRIMARY KEY); INSERT INTO t SELECT i * 3 - 2147483648 FROM n WHERE i < 3000; INSERT INTO t SELECT i - 1000 FROM n WHERE i < 1500',
  },
  {
    title: 'integers filled with zeros',
    sql: 'CREATE TABLE t (k BIGINT(20) UNSIGNED ZEROFILL PRIMARY KEY); INSERT INTO t SELECT i * i FROM n WHERE i < 3000',
  },
  {
    title: 'decimals',
    sql: 'CREATE TABLE t (k DECIMAL(65, 30) PRIMARY KEY); INSERT INTO t SELECT (i - 2500) / 1e9 FROM n WHERE i < 5000; INSERT INTO t VALUES (99999999999999999999999999999999999.999999999999999999999999999999), (-1e34)',
  },
  {
    title: 'text of any case with trailing spaces and accents',
    sql: "CREATE TABLE t (k VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY); INSERT INTO t SELECT CONCAT(ELT(1 + i % 7, 'user', 'USES', 'Üser', 'émile', 'Z', 'ölig', '  '), i * 7919 % 10000, REPEAT(' ', i % 3)) FROM n WHERE i < 6000",
  },
  {
    title: 'text that differs far behind',
    sql: "CREATE TABLE t (k VARCHAR(200) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY); INSERT INTO t SELECT CONCAT(REPEAT('https://example.com/', 7), HEX(i * i), 'åäö') FROM n WHERE i < 5000",
  },
  {
    title: 'text with a collation of the newest kind',
    flavour: 'mysql',
    sql: "CREATE TABLE t (k VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PRIMARY KEY); INSERT INTO t SELECT CONCAT('K', LEFT(SHA2(i, 256), 32), ' ', i) FROM n WHERE i < 5000; INSERT INTO t VALUES ('x'), ('x '), ('x  '), ('')",
  },
  {
    title: 'text with a collation of the newest kind without padding',
    flavour: 'mariadb',
    sql: "CREATE TABLE t (k VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci PRIMARY KEY); INSERT INTO t SELECT CONCAT('K', LEFT(SHA2(i, 256), 32), ' ', i) FROM n WHERE i < 5000; INSERT INTO t VALUES ('x'), ('x '), ('x  '), ('')",
  },
  {
    title: 'text by its bytes',
    sql: "CREATE TABLE t (k VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY); INSERT INTO t SELECT CONCAT(CHAR(65 + i % 58 USING utf8mb4), i, IF(i % 5, '', '😀')) FROM n WHERE i < 5000",
  },
  {
    title: 'text in two-byte sets: sjis',
    sql: `CREATE TABLE t (k VARCHAR(40) CHARACTER SET sjis PRIMARY KEY); INSERT INTO t SELECT CONCAT(ELT(1 + i % 4, 'ソ', '表', 'ｱ', 'a'), SUBSTR('${characters(0x3041, 80)}', 1 + i % 80, 1), i) FROM n WHERE i < 5000`,
  },
  {
    title: 'text in two-byte sets: gbk',
    sql: `CREATE TABLE t (k VARCHAR(40) CHARACTER SET gbk PRIMARY KEY); INSERT INTO t SELECT CONCAT(SUBSTR('${characters(0x4e00, 300)}', 1 + i % 300, 1), i) FROM n WHERE i < 5000`,
  },
  {
    title: 'text in utf16',
    sql: `CREATE TABLE t (k VARCHAR(40) CHARACTER SET utf16 PRIMARY KEY); INSERT INTO t SELECT CONCAT(SUBSTR('${characters(0x410, 60)}', 1 + i * i % 60, 1), ELT(1 + i % 3, 'Ж', '你', '😀'), i) FROM n WHERE i < 5000`,
  },
  {
    title: 'text in ucs2 and of fixed length',
    sql: 'CREATE TABLE t (k CHAR(20) CHARACTER SET ucs2 PRIMARY KEY); INSERT INTO t SELECT CONCAT(CHAR(97 + i % 26), i * i) FROM n WHERE i < 5000',
  },
  {
    title: 'Swedish text, whose å stands after z',
    sql: "CREATE TABLE t (k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_swedish_ci PRIMARY KEY); INSERT INTO t SELECT CONCAT(ELT(1 + i % 3, 'z', 'å', 'Ö'), i * 31 % 5000) FROM n WHERE i < 5000",
  },
  {
    title: 'binary strings with zeros at the end',
    sql: "CREATE TABLE t (k VARBINARY(40) PRIMARY KEY); INSERT INTO t SELECT CONCAT(UNHEX(LEFT(SHA2(i DIV 3, 256), 32)), REPEAT(CHAR(0), i % 3)) FROM n WHERE i < 6000; INSERT INTO t VALUES (''), (CHAR(0)), (0xFF), (0xFFFFFF)",
  },
  {
    title: 'binary of fixed length',
    sql: 'CREATE TABLE t (k BINARY(16) PRIMARY KEY); INSERT INTO t SELECT UNHEX(CONCAT(LPAD(HEX(i), 12, 0), SUBSTR(LEFT(SHA2(i, 256), 32), 1, 20))) FROM n WHERE i < 5000',
  },
  {
    title: 'UUIDs as text',
    sql: "CREATE TABLE t (k CHAR(36) PRIMARY KEY, v INT); INSERT INTO t SELECT INSERT(INSERT(INSERT(INSERT(LEFT(SHA2(i, 256), 32), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'), i FROM n WHERE i < 5000",
  },
  {
    title: 'UUIDs of version 4 as UUID',
    flavour: 'mariadb',
    sql: `CREATE TABLE t (k UUID PRIMARY KEY, v INT); INSERT INTO t SELECT CONCAT(LEFT(LEFT(SHA2(i, 256), 32), 8), '-', SUBSTR(LEFT(SHA2(i, 256), 32), 9, 4), '-4', SUBSTR(LEFT(SHA2(i, 256), 32), 14, 3), '-a', SUBSTR(LEFT(SHA2(i, 256), 32), 18, 3), '-', RIGHT(LEFT(SHA2(i, 256), 32), 12)), i FROM n WHERE i < 5000`,
  },
  {
    title: 'UUIDs of version 7 as UUID',
    flavour: 'mariadb',
    sql: "CREATE TABLE t (k UUID PRIMARY KEY, v INT); INSERT INTO t SELECT CONCAT('018f', LPAD(HEX(i DIV 1311), 4, 0), '-', LPAD(HEX(i * 50 % 65536), 4, 0), '-7', SUBSTR(LEFT(SHA2(i, 256), 32), 1, 3), '-a', SUBSTR(LEFT(SHA2(i, 256), 32), 1, 3), '-', SUBSTR(LEFT(SHA2(i, 256), 32), 1, 12)), i FROM n WHERE i < 5000",
  },
  {
    title: 'UUIDs of version 1 as UUID',
    flavour: 'mariadb',
    sql: "CREATE TABLE t (k UUID PRIMARY KEY, v INT); INSERT INTO t SELECT CONCAT(LPAD(HEX(i * 500003), 8, 0), '-5a3b-11ef-8123-0242ac12', LPAD(HEX(i % 3), 4, 0)), i FROM n WHERE i < 5000",
  },
  {
    title: 'INET6',
    flavour: 'mariadb',
    sql: "CREATE TABLE t (k INET6 PRIMARY KEY); INSERT INTO t SELECT CONCAT('2001:db8::', HEX(i * 13)) FROM n WHERE i < 3000; INSERT INTO t SELECT CONCAT('::ffff:10.0.', i DIV 200, '.', i % 200) FROM n WHERE i < 2000",
  },
  {
    title: 'INET4',
    flavour: 'mariadb',
    sql: "CREATE TABLE t (k INET4 PRIMARY KEY); INSERT INTO t SELECT CONCAT('10.', i % 5, '.', i DIV 200, '.', i % 200) FROM n WHERE i < 4000",
  },
  {
    title: 'dates, of which there may be wrong ones',
    sql: "CREATE TABLE t (k DATE PRIMARY KEY); INSERT INTO t SELECT DATE'2000-01-01' + INTERVAL i DAY FROM n WHERE i < 5000; INSERT INTO t VALUES ('0000-00-00'), ('9999-12-31'), ('2001-00-00'), ('2001-02-00'), ('2001-02-30'), ('2001-02-31'), ('2001-04-31')",
  },
  {
    title: 'dates that are nearly all wrong',
    sql: "CREATE TABLE t (k DATE PRIMARY KEY); INSERT INTO t SELECT CONCAT(LPAD(i DIV 2, 4, 0), '-02-3', i % 2) FROM n WHERE i < 5000",
  },
  {
    title: 'moments with fractions',
    sql: "CREATE TABLE t (k DATETIME(6) PRIMARY KEY); INSERT INTO t SELECT TIMESTAMP'2024-03-31 01:59:59.5' + INTERVAL i * i MICROSECOND FROM n WHERE i < 5000; INSERT INTO t VALUES ('1000-01-01')",
  },
  {
    title: 'TIMESTAMP',
    sql: "CREATE TABLE t (k TIMESTAMP(3) PRIMARY KEY); INSERT INTO t SELECT FROM_UNIXTIME(1711846000 + i / 8) FROM n WHERE i < 5000; INSERT INTO t VALUES ('0000-00-00')",
  },
  {
    title: 'times of both signs',
    sql: "CREATE TABLE t (k TIME(1) PRIMARY KEY); INSERT INTO t SELECT SEC_TO_TIME((i - 2000) * 1.5) FROM n WHERE i < 5000; INSERT INTO t VALUES ('838:59:59'), ('-838:59:59')",
  },
  {
    title: 'a year and a number',
    sql: 'CREATE TABLE t (y YEAR, k INT, PRIMARY KEY (y, k)); INSERT INTO t SELECT 1901 + i % 3, i FROM n WHERE i < 3000; INSERT INTO t SELECT 0, i FROM n WHERE i < 1000',
  },
  {
    title: '(int, date)',
    sql: "CREATE TABLE t (a INT, d DATE, v INT, PRIMARY KEY (a, d)); INSERT INTO t SELECT IF(i < 4000, 7, i), DATE'2000-01-01' + INTERVAL i DAY, i FROM n WHERE i < 6000",
  },
  {
    title: '(varchar, int)',
    sql: "CREATE TABLE t (a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, k INT, PRIMARY KEY (a, k)); INSERT INTO t SELECT ELT(1 + i % 5, 'tenant', 'Tenant', 'other', 'TENANT', 'tenant '), i FROM n WHERE i < 6000",
  },
  {
    title: '(int, int, varchar, datetime)',
    sql: "CREATE TABLE t (a INT, b INT, c VARCHAR(10), d DATETIME, PRIMARY KEY (a, b, c, d)); INSERT INTO t SELECT 1, i DIV 4000, IF(i % 3, 'x', i), TIMESTAMP'2024-01-01 00:00:00' + INTERVAL i SECOND FROM n WHERE i < 8000",
  },
  {
    title: 'a key of which only the first column is usable',
    sql: "CREATE TABLE t (a INT, e ENUM('z', 'a', 'm'), PRIMARY KEY (a, e)); INSERT INTO t SELECT i DIV 3, 1 + i % 3 FROM n WHERE i < 6000",
  },
  {
    title: 'a first column that is alike in most rows, and no other that is usable',
    sql: 'CREATE TABLE t (a INT, f DOUBLE, PRIMARY KEY (a, f)); INSERT INTO t SELECT IF(i < 4000, 7, i), i FROM n WHERE i < 6000',
    largest: 4000 + 3 * targetRows,
  },
  {
    title: 'a unique key without NULL instead of a primary key',
    sql: 'CREATE TABLE t (a INT, k INT NOT NULL, v INT, KEY (a), UNIQUE KEY `the ``key` (k)); INSERT INTO t SELECT i % 10, i, i FROM n WHERE i < 5000',
  },
  {
    title: 'a unique key with NULLs',
    sql: "CREATE TABLE t (k VARCHAR(20), v INT, UNIQUE KEY (k)); INSERT INTO t SELECT IF(i % 10 = 0, NULL, CONCAT('k', i)), i FROM n WHERE i < 6000",
    largest: 600 + targetRows,
  },
  {
    title: 'a unique key whose second column may be NULL',
    sql: 'CREATE TABLE t (a INT NOT NULL, b INT, UNIQUE KEY (a, b)); INSERT INTO t SELECT i DIV 2, IF(i % 2, i, NULL) FROM n WHERE i < 4000; INSERT INTO t SELECT i DIV 2, NULL FROM n WHERE i < 2000',
  },
  {
    title: 'a unique key whose first column may be NULL',
    sql: 'CREATE TABLE t (a INT, b INT NOT NULL, UNIQUE KEY (a, b)); INSERT INTO t SELECT IF(i < 500, NULL, i DIV 2), i FROM n WHERE i < 5000',
    largest: 500 + targetRows,
  },
  {
    title: 'partitions by the key',
    sql: `CREATE TABLE t (k INT, v INT, PRIMARY KEY (k)) PARTITION BY RANGE (k) (PARTITION a VALUES LESS THAN (500), PARTITION b VALUES LESS THAN (600), PARTITION c VALUES LESS THAN (4000), PARTITION d VALUES LESS THAN MAXVALUE);
      INSERT INTO t SELECT i, i FROM n WHERE i < 6000`,
  },
  {
    title: 'partitions across the key',
    sql: 'CREATE TABLE t (k INT, p INT, v INT, PRIMARY KEY (k, p)) PARTITION BY HASH (p) PARTITIONS 5; INSERT INTO t SELECT i * i, i % 3, i FROM n WHERE i < 6000',
  },
  {
    title: 'a generated invisible primary key',
    flavour: 'mysql',
    sql: 'SET sql_generate_invisible_primary_key = 1; CREATE TABLE t (v INT); INSERT INTO t SELECT i FROM n WHERE i < 5000; DELETE FROM t WHERE v BETWEEN 1000 AND 3000',
  },
  {
    title: 'an invisible column',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (k INT NOT NULL DEFAULT 0 INVISIBLE PRIMARY KEY, v INT); INSERT INTO t (k, v) SELECT i, i FROM n WHERE i < 5000',
  },
]

export const streamedTables: readonly KeyCase[] = [
  {
    title: 'a primary key that is an ENUM',
    sql: "CREATE TABLE t (e ENUM('z', 'a') PRIMARY KEY, k INT NOT NULL, UNIQUE KEY (k))",
  },
  { title: 'a primary key that is a DOUBLE', sql: 'CREATE TABLE t (f DOUBLE PRIMARY KEY)' },
  { title: 'a primary key of BIT', sql: 'CREATE TABLE t (b BIT(40) PRIMARY KEY)' },
  {
    title: 'a primary key of the beginning of a text',
    sql: 'CREATE TABLE t (k VARCHAR(100), PRIMARY KEY (k(20)))',
  },
  { title: 'a primary key in descending order', sql: 'CREATE TABLE t (k INT, PRIMARY KEY (k DESC))' },
  { title: 'no key', sql: 'CREATE TABLE t (k INT, KEY (k))' },
  { title: 'another engine', sql: 'CREATE TABLE t (k INT PRIMARY KEY) ENGINE = MyISAM' },
  {
    title: 'a key over an expression',
    flavour: 'mysql',
    sql: 'CREATE TABLE t (k INT NOT NULL, UNIQUE KEY ((k + 1)))',
  },
  {
    title: 'a key over a virtual column',
    sql: 'CREATE TABLE t (k INT NOT NULL, v INT AS (k + 1) VIRTUAL, UNIQUE KEY (v))',
  },
  {
    title: 'a key that is invisible',
    flavour: 'mysql',
    sql: 'CREATE TABLE t (k INT, UNIQUE KEY (k) INVISIBLE)',
  },
  {
    title: 'a key that is ignored',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (k INT, UNIQUE KEY (k) IGNORED)',
  },
  {
    title: 'a unique key that is a hash',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (k VARCHAR(4000) CHARACTER SET utf8mb4 NOT NULL, UNIQUE KEY (k))',
  },
  {
    title: 'history',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (k INT PRIMARY KEY) WITH SYSTEM VERSIONING',
  },
  {
    title: 'a period',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (k INT, s DATE, e DATE, PERIOD FOR p (s, e), PRIMARY KEY (k, p WITHOUT OVERLAPS))',
  },
]
