#include "base/network_file_system.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <sstream>

#include "base/file.h"

namespace plog {
namespace {

struct Magic {
  std::uint32_t number;
  const char* name;
};

// Values of f_type in statfs(2). FUSE is not listed, since it can be local or shared.
constexpr Magic kNetwork[] = {
    {0x6969, "nfs"},        {0x517B, "smb"},       {0xFE534D42, "smb2"},   {0xFF534D42, "cifs"},  {0x01021997, "9p"},
    {0x5346414F, "afs"},    {0x6B414653, "afs"},   {0x73757245, "coda"},   {0x564C, "ncp"},       {0x00C36400, "ceph"},
    {0x0BD00BD0, "lustre"}, {0x47504653, "gpfs"},  {0x19830326, "beegfs"}, {0x7461636F, "ocfs2"}, {0x01161970, "gfs2"},
    {0xAAD7AAEA, "panfs"},  {0x013111A8, "ibrix"}, {0x786F4256, "vboxsf"},
};
constexpr std::uint32_t kFuse = 0x65735546;

constexpr const char* kNetworkFuse[] = {
    "fuse.sshfs",    "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse",   "fuse.rclone", "fuse.goofys",
    "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.juicefs",   "fuse.davfs",  "fuse.curlftpfs",
    "fuse.mount-s3", "fuse.moosefs",   "fuse.mfs",  "fuse.seaweedfs", "fuse.cvmfs2", "fuse.vmhgfs-fuse"};

// Returns the type that /proc/self/mountinfo lists for a device, or "" if it is not listed. A line looks like
// "36 35 98:0 /root /mnt options - fuse.sshfs source options".
std::string mount_type(dev_t device) {
  const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string skipped;
    std::string number;
    fields >> skipped >> skipped >> number;
    const std::size_t dash = line.find(" - ");
    if (number != wanted || dash == std::string::npos) continue;
    return line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
  }
  return {};
}

// Returns the path, or its nearest ancestor that exists.
std::string existing_part(std::string path) {
  struct stat info {};
  while (stat(path.c_str(), &info) != 0) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    if (slash == 0) return "/";
    path.resize(slash);
  }
  return path;
}

}  // namespace

std::optional<std::string> network_file_system(const std::string& path) {
  const std::string existing = existing_part(path);
  struct statfs info {};
  if (statfs(existing.c_str(), &info) != 0) return std::nullopt;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  for (const Magic& magic : kNetwork) {
    if (magic.number == type) return magic.name;
  }
  struct stat where {};
  if (type != kFuse || stat(existing.c_str(), &where) != 0) return std::nullopt;
  const std::string mounted = mount_type(where.st_dev);
  for (const char* name : kNetworkFuse) {
    if (mounted == name) return mounted;
  }
  return std::nullopt;
}

}  // namespace plog
