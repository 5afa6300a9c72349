// The two families of servers. Code above instance/mysql and instance/mariadb never asks which one it has.

export type Flavour = 'mysql' | 'mariadb'
