#include "musc_image_codecs.h"
