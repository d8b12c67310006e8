#define FILTER_TARGET
#define FILTER_TABLE filter_plain
#include "filter_functions.inc"
