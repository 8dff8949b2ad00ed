#include "client/scratch.h"

#include <utility>

namespace plog::client {
namespace {

constexpr std::size_t kKept = 4;  // buffers kept for each thread; deeper nested events allocate more and free them

// Trivially destructible, and so still readable while the thread ends.
thread_local bool t_ended = false;

struct Stack {
  std::unique_ptr<Scratch> items[kKept];
  std::size_t count = 0;
  ~Stack() { t_ended = true; }
};
thread_local Stack t_stack;

}  // namespace

std::unique_ptr<Scratch> take_scratch() {
  if (!t_ended && t_stack.count > 0) return std::move(t_stack.items[--t_stack.count]);
  return std::make_unique<Scratch>();
}

void give_scratch(std::unique_ptr<Scratch> scratch) noexcept {
  if (t_ended || t_stack.count >= kKept) return;
  scratch->builder.reset();
  if (scratch->record.capacity() > 256 * 1024) std::string().swap(scratch->record);
  t_stack.items[t_stack.count++] = std::move(scratch);
}

}  // namespace plog::client
