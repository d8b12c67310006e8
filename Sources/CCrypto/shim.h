// SHA-256 with its state in a plain struct: OpenSSL 3 calls these functions deprecated in favour of its providers, whose
// state would have to be allocated and could fail.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
