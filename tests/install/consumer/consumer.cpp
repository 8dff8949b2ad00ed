// Uses the header from C++.
#include <provenlog/plog.h>

#include <iostream>
#include <string>

int main() {
  const std::string text = "mail ada@example.com";
  plog_redactor* redactor = nullptr;
  plog_buffer* clean = nullptr;
  std::uint64_t hits = 0;
  if (plog_redactor_new(nullptr, 0, &redactor, nullptr) != PLOG_OK ||
      plog_redactor_redact(redactor, text.data(), text.size(), &clean, &hits, nullptr) != PLOG_OK) {
    return 1;
  }
  std::cout << plog_buffer_data(clean) << '\n';
  plog_buffer_destroy(clean);
  plog_redactor_destroy(redactor);
  return hits == 1 ? 0 : 1;
}
