#define ROWS_TARGET
#define ROWS_TABLE rows_plain
#include "rows_functions.inc"
