/* Preloaded into a writer: records what a loss of power would leave of the files below POWERLOSS_DIR.
 *
 * Only synced data is durable. fsync(2) and fdatasync(2) of a file copy its content to POWERLOSS_SHADOW ("file-<key>"),
 * and of a directory its names ("dir-<key>", with one line "<key> <name>" for each). Nothing is really synced. The test
 * kills the process and builds a disk from the shadow (powerloss_test.py). A kill during a copy leaves whole pages of
 * either the old or the new content, as a loss of power does.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kPage = 4096, kChunk = 64 * kPage };

static pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The key of a file: inode and time of birth, because inode numbers are reused. Returns 0 on failure. */
static int key_of(int fd, const char* name, char out[64]) {
  struct statx info;
  if (statx(fd, name, AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0), STATX_INO | STATX_BTIME | STATX_MODE,
            &info) != 0) {
    return 0;
  }
  snprintf(out, 64, "%llu-%lld-%u", (unsigned long long)info.stx_ino, (long long)info.stx_btime.tv_sec,
           info.stx_btime.tv_nsec);
  return 1;
}

static int is_tracked(int fd) {
  const char* directory = getenv("POWERLOSS_DIR");
  char link[64], path[PATH_MAX];
  ssize_t size;
  if (directory == NULL || getenv("POWERLOSS_SHADOW") == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return strncmp(path, directory, strlen(directory)) == 0;
}

static int shadow(const char* kind, const char* key, const char* suffix, char out[PATH_MAX]) {
  return snprintf(out, PATH_MAX, "%s/%s-%s%s", getenv("POWERLOSS_SHADOW"), kind, key, suffix) < PATH_MAX;
}

static int keep_file(int fd, const char* key) {
  static char buffer[kChunk];
  char path[PATH_MAX];
  struct stat info;
  off_t at = 0;
  int copy;
  if (!shadow("file", key, "", path) || fstat(fd, &info) != 0) return -1;
  copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (copy < 0) return -1;
  while (at < info.st_size) {
    /* Read through another descriptor if this one is open for writing only. */
    char self[64];
    ssize_t got = pread(fd, buffer, sizeof buffer, at);
    if (got < 0 && errno == EBADF) {
      int reader;
      snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
      reader = open(self, O_RDONLY | O_CLOEXEC);
      if (reader < 0) break;
      got = pread(reader, buffer, sizeof buffer, at);
      close(reader);
    }
    if (got <= 0 || pwrite(copy, buffer, (size_t)got, at) != got) break;
    at += got;
  }
  if (at >= info.st_size && ftruncate(copy, info.st_size) != 0) at = -1;
  close(copy);
  return at >= info.st_size ? 0 : -1;
}

static int keep_directory(int fd, const char* key) {
  char path[PATH_MAX], draft[PATH_MAX], child[64];
  struct dirent* entry;
  FILE* out;
  int listed = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = listed >= 0 ? fdopendir(listed) : NULL;
  if (directory == NULL || !shadow("dir", key, "", path) || !shadow("dir", key, ".draft", draft)) return -1;
  out = fopen(draft, "we");
  if (out == NULL) return -1;
  while ((entry = readdir(directory)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (key_of(fd, entry->d_name, child)) fprintf(out, "%s %s\n", child, entry->d_name);
  }
  closedir(directory);
  if (fclose(out) != 0) return -1;
  return rename(draft, path);
}

static int sync_descriptor(int fd) {
  struct stat info;
  char key[64];
  int result, saved = errno;
  if (!is_tracked(fd)) return 0;
  if (fstat(fd, &info) != 0 || !key_of(fd, "", key)) return -1;
  pthread_mutex_lock(&g_mutex);
  result = S_ISDIR(info.st_mode) ? keep_directory(fd, key) : keep_file(fd, key);
  pthread_mutex_unlock(&g_mutex);
  if (result == 0) errno = saved;
  if (result != 0) errno = EIO;
  return result;
}

int fsync(int fd) { return sync_descriptor(fd); }
int fdatasync(int fd) { return sync_descriptor(fd); }
