// Handling of fork(): no SQLite state of a ledger is carried into the child.
#pragma once

namespace plog::store::sqlite {

// Both calls run on the forking thread, directly before and directly after the fork.
class ForkParticipant {
 public:
  virtual void prepare_fork() noexcept = 0;
  virtual void after_fork(bool in_child) noexcept = 0;

 protected:
  ~ForkParticipant() = default;
};

// Registers a participant while it lives. Must be the last member of the participant, so that it is destroyed before
// the members that the handlers use.
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

// Delays forks (by a few seconds at most) while it lives. It covers SQLite's work outside any participant, such as
// opening and closing a database: SQLite's allocator and list of open files have locks that a child would inherit
// locked. The holder must neither fork nor wait for a participant.
class NoFork {
 public:
  NoFork() noexcept;
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

}  // namespace plog::store::sqlite
