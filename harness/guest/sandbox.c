#include "sandbox.h"

bool sandbox_entered;
bool sandbox_kills_starts;
