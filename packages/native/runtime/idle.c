#include "idle.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES_MAX (128 << 10)
#define PAGE_BYTES 4096 /* where pages are larger, more stays; nothing else changes */

static inline __attribute__((always_inline)) long raw(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
  return syscall(number, a, b, c, d, e);
#endif
}

struct ranges {
  int count;
  struct {
    long start, length;
  } items[8];
};

/* The program's segments that nobody may write: each page of them can be read again. */
static int add_segment(struct dl_phdr_info *info, size_t size, void *into) {
  struct ranges *ranges = into;
  (void)size;
  for (int i = 0; i < info->dlpi_phnum && ranges->count < 8; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
      continue;
    uintptr_t start = info->dlpi_addr + segment->p_vaddr, page = start & ~(uintptr_t)(PAGE_BYTES - 1);
    ranges->items[ranges->count].start = (long)page;
    ranges->items[ranges->count++].length = (long)(segment->p_memsz + (start - page));
  }
  return 0;
}

/* Alone on its page, which is all of the program that is in memory while it waits. */
__attribute__((noinline, aligned(PAGE_BYTES), section(".text.idle"))) static void
wait_alone(const struct ranges *ranges, struct pollfd *fds, unsigned long count) {
  for (int i = 0; i < ranges->count; i++)
    raw(SYS_madvise, ranges->items[i].start, ranges->items[i].length, MADV_DONTNEED, 0, 0);
  raw(SYS_ppoll, (long)(uintptr_t)fds, (long)count, 0, 0, 8);
}
__attribute__((noinline, used, aligned(PAGE_BYTES), section(".text.idle"))) static void end_of_page(void) {}

__attribute__((noinline)) static void release_stack(void) {
  char here; /* not inlined: everything below it is nobody's */
  uintptr_t top = ((uintptr_t)&here & ~(uintptr_t)(PAGE_BYTES - 1)) - PAGE_BYTES;
  madvise((void *)(top - STACK_BYTES_MAX), STACK_BYTES_MAX, MADV_DONTNEED);
}

void idle_wait(struct pollfd *fds, unsigned long count) {
  static bool is_alone;
  struct ranges ranges = {0};
  dl_iterate_phdr(add_segment, &ranges);
  malloc_trim(0);
  release_stack();
  /* A fault maps what lies around it too, but only of its own mapping: other flags make the page one of its own. */
  if (!is_alone)
    madvise((void *)(uintptr_t)wait_alone, PAGE_BYTES, MADV_DONTDUMP);
  is_alone = true;
  wait_alone(&ranges, fds, count);
}
