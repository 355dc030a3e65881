#include "sandbox.h"

bool sandbox_entered;
