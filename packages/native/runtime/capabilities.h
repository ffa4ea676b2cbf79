/* capabilities(7). The five sets are made exactly what the spec says. */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

#include "spec.h"

/* Number of CAP_X as the spec spells it (upper case, with prefix); -1 if there is none. */
int capability_number(const char *name);
const char *capability_name(int number);
/* Drops from the bounding set what is not in it. Before the change of user. */
int capabilities_bound(const struct capability_sets *sets);
/* Sets the other four. After the change of user, which KEEPCAPS survived. */
int capabilities_apply(const struct capability_sets *sets);

#endif
