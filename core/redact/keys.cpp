#include "redact/keys.h"

#include <algorithm>
#include <array>

#include "redact/checks.h"

namespace plog::redact {
namespace {

constexpr std::size_t kMaxKey = 128;
constexpr std::size_t kMaxWords = 16;

// A key in lower case, split into words.
class Words {
 public:
  explicit Words(std::string_view key) noexcept {
    // The last names of a long path are the significant ones.
    if (key.size() > kMaxKey) key.remove_prefix(key.size() - kMaxKey);
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= key.size(); ++i) {
      const bool edge = i == key.size() || !(is_letter(key[i]) || is_digit(key[i]) || key[i] < 0);
      if (i < key.size()) text_[i] = is_upper(key[i]) ? static_cast<char>(key[i] + 32) : key[i];
      if (edge) {
        add(begin, i);
        begin = i + 1;
      } else if (i > begin && is_upper(key[i]) &&
                 (!is_upper(key[i - 1]) || (i + 1 < key.size() && is_letter(key[i + 1]) && !is_upper(key[i + 1])))) {
        add(begin, i);
        begin = i;
      }
    }
  }

  std::size_t size() const noexcept { return size_; }
  void drop_last() noexcept { --size_; }
  // The i-th word from the end (0 is the last), or an empty string if there are fewer words.
  std::string_view last(std::size_t i) const noexcept { return i < size_ ? words_[size_ - 1 - i] : std::string_view(); }

 private:
  void add(std::size_t begin, std::size_t end) noexcept {
    while (end > begin + 1 && is_digit(text_[end - 1])) --end;  // "password2"
    if (end == begin || (end == begin + 1 && is_digit(text_[begin]))) return;
    if (size_ == kMaxWords) {
      std::rotate(words_.begin(), words_.begin() + 1, words_.end());
      --size_;
    }
    words_[size_++] = std::string_view(text_ + begin, end - begin);
  }

  char text_[kMaxKey] = {};
  std::array<std::string_view, kMaxWords> words_;
  std::size_t size_ = 0;
};

template <std::size_t kCount>
bool one_of(std::string_view word, const std::string_view (&words)[kCount]) noexcept {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Words at the end of a key that do not change its meaning: "password_value", "api_key_prod".
constexpr std::string_view kNeutral[] = {
    "value",   "val",       "plain",   "plaintext",    "text",      "raw",     "string", "str",  "current",
    "old",     "new",       "confirm", "confirmation", "confirmed", "again",   "repeat", "b64",  "base64",
    "encoded", "header",    "prod",    "production",   "dev",       "staging", "live",   "test", "default",
    "primary", "secondary", "main",    "backup",       "env",       "var"};

constexpr std::string_view kPasswords[] = {
    "password",     "passwd",     "passwort",        "passphrase", "passcode",   "passwords",     "pwd",
    "senha",        "contrasena", "contrase\u00f1a", "motdepasse", "wachtwoord", "dbpassword",    "userpassword",
    "rootpassword", "mypassword", "adminpassword",   "dbpass",     "userpass",   "loginpassword", "sshpass",
    "pgpassword",   "mypwd",      "userpwd",         "dbpasswd"};
constexpr std::string_view kBeforePass[] = {"db",    "user",  "root", "admin", "smtp",     "mail",     "email",
                                            "ftp",   "mysql", "pg",   "redis", "postgres", "mongo",    "rabbitmq",
                                            "proxy", "http",  "ssh",  "sudo",  "login",    "database", "ldap",
                                            "imap",  "wifi",  "auth", "vpn",   "basic",    "sftp",     "jdbc"};
constexpr std::string_view kSecrets[] = {"secret",      "secrets",        "clientsecret", "appsecret", "apisecret",
                                         "secretvalue", "consumersecret", "sharedsecret", "jwtsecret", "appsecretkey"};
constexpr std::string_view kTokens[] = {"accesstoken",
                                        "authtoken",
                                        "apitoken",
                                        "refreshtoken",
                                        "idtoken",
                                        "bearertoken",
                                        "sessiontoken",
                                        "oauthtoken",
                                        "usertoken",
                                        "bottoken",
                                        "securitytoken",
                                        "bearer",
                                        "jwt",
                                        "csrftoken",
                                        "xsrftoken",
                                        "devicetoken",
                                        "personalaccesstoken",
                                        "accesstokens"};
// Words before "token" that mean a token of a language model or of pagination.
constexpr std::string_view kNoSecretTokens[] = {
    "max",          "min",        "num",       "total",      "count",    "n",        "input",    "output",
    "prompt",       "completion", "cached",    "cache",      "next",     "prev",     "previous", "reasoning",
    "continuation", "continue",   "page",      "pagination", "paging",   "cursor",   "sync",     "pad",
    "eos",          "bos",        "unk",       "sep",        "cls",      "mask",     "stop",     "special",
    "start",        "end",        "first",     "last",       "audio",    "text",     "image",    "expected",
    "unexpected",   "invalid",    "generated", "sampled",    "design",   "color",    "per",      "each",
    "of",           "is",         "has",       "no",         "use",      "padding",  "offset",   "resume",
    "top",          "current",    "vocab",     "unknown",    "thinking", "response", "sample",   "word",
    "sub",          "pretoken",   "lang",      "language",   "token",    "sentence", "masked"};
constexpr std::string_view kBeforeTokens[] = {"access", "auth",    "api",   "refresh",
                                              "bearer", "session", "oauth", "secret"};
constexpr std::string_view kBeforeKey[] = {
    "api",        "secret",       "access",     "auth",     "authentication",  "authorization",
    "encryption", "encrypt",      "decryption", "decrypt",  "signing",         "signature",
    "master",     "account",      "storage",    "shared",   "service",         "client",
    "app",        "application",  "deploy",     "admin",    "webhook",         "crypto",
    "aes",        "hmac",         "jwt",        "cipher",   "symmetric",       "integration",
    "sdk",        "server",       "rest",       "write",    "ingest",          "ingestion",
    "security",   "subscription", "consumer",   "function", "developer",       "functions",
    "license",    "session",      "root",       "data",     "instrumentation", "sas",
    "host",       "vault",        "unseal",     "cookie",   "token",           "read",
    "maps"};
constexpr std::string_view kBeforePrivateKey[] = {"private", "ssh",     "rsa", "pgp", "gpg", "dsa",
                                                  "ecdsa",   "ed25519", "ssl", "tls", "priv"};
constexpr std::string_view kKeys[] = {
    "apikey",        "apikeys",         "secretkey",    "accesskey",       "authkey",   "xapikey",         "masterkey",
    "encryptionkey", "signingkey",      "accountkey",   "sharedkey",       "appkey",    "subscriptionkey", "servicekey",
    "apisecretkey",  "secretaccesskey", "apiaccesskey", "sharedaccesskey", "deploykey", "licensekey"};
// Words before "auth" that name a kind of authentication.
constexpr std::string_view kBeforeAuth[] = {"x",      "basic",    "proxy", "bearer", "http",
                                            "digest", "registry", "npm",   "docker", "api"};

KeyRule secret(std::string_view name) noexcept { return {KeyKind::kSecret, name}; }

KeyRule number_rule(const Words& words) noexcept {
  const std::string_view last = words.last(0), before = words.last(1), third = words.last(2);
  static constexpr std::string_view kNumber[] = {"number", "no", "num", "nr", "n", "digits"};
  static constexpr std::string_view kCards[] = {"cardnumber", "cardno",    "cardnum",          "ccnumber", "ccnum",
                                                "creditcard", "debitcard", "creditcardnumber", "pan",      "cardpan"};
  static constexpr std::string_view kBeforeCard[] = {"credit", "debit",      "payment", "bank",
                                                     "visa",   "mastercard", "amex"};
  const bool number = one_of(last, kNumber);
  const std::string_view what = number ? before : last;
  const std::string_view whose = number ? third : before;
  if (one_of(last, kCards) || (what == "card" && (number || one_of(whose, kBeforeCard) || words.size() == 1)) ||
      (number && (what == "cc" || what == "pan" || what == "creditcard" || what == "debitcard")) ||
      (what == "account" && whose == "primary" && number)) {
    return {KeyKind::kCard, "card"};
  }
  static constexpr std::string_view kCodes[] = {"cvv", "cvc", "cvv2", "cvc2"};
  if (one_of(last, kCodes)) return {KeyKind::kSecret, "card_code"};
  static constexpr std::string_view kSsn[] = {"ssn", "socialsecuritynumber", "socialsecurity", "ssnumber"};
  if (one_of(what, kSsn) || one_of(last, kSsn) || (what == "security" && whose == "social")) {
    return {KeyKind::kSsn, "ssn"};
  }
  static constexpr std::string_view kAccounts[] = {"accountnumber", "acctnumber",        "accountno",
                                                   "acctno",        "bankaccount",       "acctnum",
                                                   "accountnum",    "bankaccountnumber", "iban"};
  if (one_of(last, kAccounts) || (number && (what == "account" || what == "acct" || what == "bankaccount")) ||
      (last == "account" && before == "bank")) {
    return {KeyKind::kAccount, "account_number"};
  }
  return {};
}

}  // namespace

KeyRule key_rule(std::string_view key) noexcept {
  Words words(key);
  if (words.size() == 0) return {};
  if (const KeyRule rule = number_rule(words); rule.kind != KeyKind::kNone) return rule;
  if ((words.last(0) == "string" && words.last(1) == "connection") ||
      (words.last(0) == "str" && words.last(1) == "conn")) {
    return secret("connection_string");
  }
  while (words.size() > 1 && one_of(words.last(0), kNeutral)) words.drop_last();
  const std::string_view last = words.last(0), before = words.last(1);
  if (one_of(last, kPasswords)) return secret("password");
  if ((last == "word" || last == "phrase" || last == "code") && before == "pass") return secret("password");
  if (last == "pass" && one_of(before, kBeforePass)) return secret("password");
  if (last == "pass" && before.empty()) return {KeyKind::kWeak, "password"};
  if (last == "passe" && before == "de") return secret("password");
  if (one_of(last, kSecrets)) return secret("secret");
  if (one_of(last, kTokens)) return secret("token");
  if (last == "token") {
    if (one_of(before, kNoSecretTokens)) return {};
    return before.empty() ? KeyRule{KeyKind::kWeak, "token"} : secret("token");
  }
  if (last == "tokens" && one_of(before, kBeforeTokens)) return secret("token");
  if (last == "key" || last == "keys") {
    if (one_of(before, kBeforePrivateKey)) return secret("private_key");
    if (one_of(before, kBeforeKey)) return secret("api_key");
  }
  if (last == "privatekey" || last == "sshkey" || last == "rsakey") return secret("private_key");
  if (one_of(last, kKeys)) return secret("api_key");
  if (last == "authorization") return secret("authorization");
  if (last == "auth" && (before.empty() || one_of(before, kBeforeAuth))) return {KeyKind::kWeak, "authorization"};
  if (last == "cookie" || last == "cookies") return secret("cookie");
  if (last == "credential" || last == "credentials" || last == "creds" || last == "cred") return secret("credential");
  if (last == "connectionstring" || last == "connstring" || last == "connstr") return secret("connection_string");
  if (last == "mnemonic" || (last == "phrase" && (before == "seed" || before == "recovery" || before == "mnemonic")) ||
      ((last == "code" || last == "codes") && (before == "recovery" || before == "backup"))) {
    return secret("recovery_phrase");
  }
  return {};
}

bool is_number_key(std::string_view name) noexcept {
  return name == "card" || name == "card_code" || name == "account_number" || name == "ssn";
}

}  // namespace plog::redact
