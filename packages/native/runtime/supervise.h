/* `berth-runtime supervise`: the long-lived parent of one container, as supervisor.h describes it. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

int supervise_main(void);

#endif
