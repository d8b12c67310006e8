#define RANKS_TARGET
#define RANKS_TABLE ranks_plain
#include "ranks_functions.inc"
