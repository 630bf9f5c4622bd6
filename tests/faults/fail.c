/* Calls of the operating system that fail from the n-th on, below one folder: a disk that is full or broken.
   cc -shared -fPIC -o fail.so fail.c -ldl; LD_PRELOAD=fail.so; castlist_fail(which, after, error, folder).
   CASTLIST_FAIL="which after error folder" does the same in every process that is started from then on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, GROW = 4, NAME = 8, MAKE = 16, READ = 32, LOCK = 64, FOLDER = 128, REMOVE = 256 };
static int mask, left, code;
static char folder[4096];

void castlist_fail(int which, int after, int error, const char *below) {
  left = after;
  code = error;
  snprintf(folder, sizeof folder, "%s", below);
  mask = which;
}

__attribute__((constructor)) static void from_environment(void) {
  int which, after, error, read;
  const char *text = getenv("CASTLIST_FAIL");
  if (text && sscanf(text, "%d %d %d %n", &which, &after, &error, &read) == 3)
    castlist_fail(which, after, error, text + read);
}

static int below(int fd, const char *path) {
  char link[64], real[4096];
  if (path && path[0] == '/') return !strncmp(path, folder, strlen(folder));
  if (fd == AT_FDCWD) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, real, sizeof real - 1);
  if (n < 0) return 0;
  real[n] = 0;
  return !strncmp(real, folder, strlen(folder));
}

static int fails(int which, int fd, const char *path) {
  if (!(mask & which) || !below(fd, path)) return 0;
  if (left > 0) {
    left--;
    return 0;
  }
  errno = code;
  return 1;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define FD(type, name, which, parameters, arguments) \
  type name parameters { REAL(name); return fails(which, fd, 0) ? -1 : real arguments; }

FD(ssize_t, write, WRITE, (int fd, const void *data, size_t size), (fd, data, size))
FD(ssize_t, pwrite, WRITE, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
FD(ssize_t, pwrite64, WRITE, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
FD(ssize_t, read, READ, (int fd, void *data, size_t size), (fd, data, size))
FD(ssize_t, pread, READ, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
FD(ssize_t, pread64, READ, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
FD(int, flock, LOCK, (int fd, int operation), (fd, operation))
FD(int, fdatasync, SYNC, (int fd), (fd))
FD(int, ftruncate, GROW, (int fd, off_t size), (fd, size))
FD(int, ftruncate64, GROW, (int fd, off64_t size), (fd, size))
FD(int, fallocate, GROW, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
FD(int, fallocate64, GROW, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))

int fsync(int fd) {
  REAL(fsync);
  struct stat found;
  if ((mask & FOLDER) && !fstat(fd, &found) && S_ISDIR(found.st_mode) && fails(FOLDER, fd, 0)) return -1;
  return fails(SYNC, fd, 0) ? -1 : real(fd);
}
int rename(const char *old, const char *new) {
  REAL(rename);
  return fails(NAME, AT_FDCWD, new) ? -1 : real(old, new);
}
int renameat(int from, const char *old, int to, const char *new) {
  REAL(renameat);
  return fails(NAME, to, new) ? -1 : real(from, old, to, new);
}
int unlink(const char *path) {
  REAL(unlink);
  return fails(REMOVE, AT_FDCWD, path) ? -1 : real(path);
}
int unlinkat(int fd, const char *path, int flags) {
  REAL(unlinkat);
  return fails(REMOVE, fd, path) ? -1 : real(fd, path, flags);
}
int mkdirat(int fd, const char *path, mode_t mode) {
  REAL(mkdirat);
  return fails(MAKE, fd, path) ? -1 : real(fd, path, mode);
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  return fails(MAKE, AT_FDCWD, path) ? -1 : real(path, mode);
}

#define OPEN(name, parameters, fd, arguments) \
  int name parameters { \
    REAL(name); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
    return (flags & O_CREAT) && fails(MAKE, fd, path) ? -1 : real arguments; \
  }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPEN(openat, (int fd, const char *path, int flags, ...), fd, (fd, path, flags, mode))
OPEN(openat64, (int fd, const char *path, int flags, ...), fd, (fd, path, flags, mode))
