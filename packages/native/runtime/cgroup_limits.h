/*
 * OCI linux.resources as writes to the kernel's files. A document is read whole before anything is written, so that
 * what is wrong in it changes nothing; and when the kernel refuses one of the writes, those before it are put back.
 * Each controller has one function, which knows its files on v1 and on v2.
 */
#ifndef CGROUP_LIMITS_H
#define CGROUP_LIMITS_H

#include "cgroup.h"

#define LIMITS_WRITES_MAX 512

/* `in_use`: what was there is put back when a write is refused. */
int cgroup_limit(const struct cgroup *cgroup, json_object *resources, bool in_use);

struct limits {
  const struct cgroup *cgroup;
  int count;
  struct limits_write {
    const char *directory;
    char *file, *value;
    char *before; /* what was there, as lines to write */
  } writes[LIMITS_WRITES_MAX];
};

/* cgroup_memory.c, cgroup_cpu.c, cgroup_io.c */
int limits_memory(struct limits *limits, json_object *memory);
int limits_cpu(struct limits *limits, json_object *cpu);
int limits_io(struct limits *limits, json_object *block);
/* cgroup_devices.c: done at once, and last. */
int cgroup_devices(const struct cgroup *cgroup, json_object *rules, bool in_use);

/* Plans a write. */
int limits_add(struct limits *limits, const struct cgroup_hierarchy *at, const char *file, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* -1 as "no limit", in the words of the hierarchy. */
int limits_add_number(struct limits *limits, const struct cgroup_hierarchy *at, const char *file, int64_t value);
/* Where `field` is to be written; says so when the host has no such controller. */
const struct cgroup_hierarchy *limits_at(const struct limits *limits, const char *controller, const char *field);
/* What a file holds now; -1 for "max" and where it cannot be read. */
int64_t limits_now(const struct cgroup_hierarchy *at, const char *file);

struct limits_number {
  bool given;
  int64_t value;
};
/* The member of `object` after the last dot of `field`. */
int limits_number(json_object *object, const char *field, struct limits_number *number);
/* 0 is what engines write for "not asked". */
static inline void limits_zero_is_nothing(struct limits_number *number) {
  number->given = number->value != 0;
}
int limits_refuse(const char *field, const char *why);
#ifdef __clang_analyzer__ /* it sees one file at a time, and so not that this returns nothing else */
#define limits_refuse(...) (limits_refuse(__VA_ARGS__), -1)
#endif

#endif
