// Stores around fork(): no SQLite state of a ledger is carried into a child.
#pragma once

namespace plog::store::sqlite {

// What takes part in a fork: on the forking thread, in this order, with nothing in between but the fork.
class ForkParticipant {
 public:
  virtual void prepare_fork() noexcept = 0;
  virtual void after_fork(bool in_child) noexcept = 0;

 protected:
  ~ForkParticipant() = default;
};

// Takes part while it lives. To be a last member: it has to go before what it speaks for.
class ForkMembership {
 public:
  explicit ForkMembership(ForkParticipant& participant);
  ~ForkMembership();
  ForkMembership(const ForkMembership&) = delete;
  ForkMembership& operator=(const ForkMembership&) = delete;

 private:
  friend struct ForkList;
  ForkParticipant& participant_;
  ForkMembership* next_ = nullptr;
  ForkMembership* previous_ = nullptr;
};

// While one lives, a fork waits (for some seconds at most): around SQLite's work that no participant speaks for, such
// as opening and closing. Its allocator and its list of open files have locks that a child would inherit as they are.
// The holder must neither fork nor wait for a participant.
class NoFork {
 public:
  NoFork() noexcept;
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

}  // namespace plog::store::sqlite
