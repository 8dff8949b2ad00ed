// Tests checksums and number ranges with published examples.
#include "redact/checks.h"

#include <gtest/gtest.h>

namespace plog::redact {
namespace {

TEST(Luhn, AcceptsPublishedNumbers) {
  // ISO/IEC 7812 worked example, and the test numbers that card networks publish.
  for (const char* number : {"79927398713", "4111111111111111", "4012888888881881", "4222222222222", "5555555555554444",
                             "5105105105105100", "378282246310005", "371449635398431", "6011111111111117",
                             "6011000990139424", "046 454 286", "4111-1111-1111-1111"}) {
    EXPECT_TRUE(luhn(number)) << number;
  }
}

TEST(Luhn, RefusesEveryOtherCheckDigitAndMostSwaps) {
  const std::string base = "7992739871";
  for (char digit = '0'; digit <= '9'; ++digit) EXPECT_EQ(luhn(base + digit), digit == '3') << digit;
  EXPECT_FALSE(luhn("4111111111111112"));
  EXPECT_FALSE(luhn("1411111111111111"));
}

TEST(Luhn, RefusesTextWithoutDigits) {
  EXPECT_FALSE(luhn(""));
  EXPECT_FALSE(luhn("- -"));
}

// The examples of the SWIFT IBAN registry.
constexpr const char* kIbans[] = {"AD12 0001 2030 2003 5910 0100",
                                  "AE07 0331 2345 6789 0123 456",
                                  "AT61 1904 3002 3457 3201",
                                  "BE68 5390 0754 7034",
                                  "BG80 BNBG 9661 1020 3456 78",
                                  "CH93 0076 2011 6238 5295 7",
                                  "CY17 0020 0128 0000 0012 0052 7600",
                                  "CZ65 0800 0000 1920 0014 5399",
                                  "DE89 3704 0044 0532 0130 00",
                                  "DK50 0040 0440 1162 43",
                                  "EE38 2200 2210 2014 5685",
                                  "ES91 2100 0418 4502 0005 1332",
                                  "FI21 1234 5600 0007 85",
                                  "FR14 2004 1010 0505 0001 3M02 606",
                                  "GB29 NWBK 6016 1331 9268 19",
                                  "GR16 0110 1250 0000 0001 2300 695",
                                  "HU42 1177 3016 1111 1018 0000 0000",
                                  "IE29 AIBK 9311 5212 3456 78",
                                  "IT60 X054 2811 1010 0000 0123 456",
                                  "LU28 0019 4006 4475 0000",
                                  "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
                                  "NL91 ABNA 0417 1643 00",
                                  "NO93 8601 1117 947",
                                  "PL61 1090 1014 0000 0712 1981 2874",
                                  "PT50 0002 0123 1234 5678 9015 4",
                                  "SA03 8000 0000 6080 1016 7519",
                                  "SE45 5000 0000 0583 9825 7466",
                                  "TR33 0006 1005 1978 6457 8413 26"};

TEST(Iban, AcceptsTheRegistrysExamples) {
  for (const char* iban : kIbans) {
    std::string compact;
    for (const char* c = iban; *c != '\0'; ++c) {
      if (*c != ' ') compact += *c;
    }
    EXPECT_EQ(iban_length(iban[0], iban[1]), compact.size()) << iban;
    EXPECT_TRUE(iban_checksum(iban)) << iban;
  }
}

TEST(Iban, RefusesOneWrongDigit) {
  for (const char* iban : kIbans) {
    std::string wrong = iban;
    wrong[3] = wrong[3] == '9' ? '0' : static_cast<char>(wrong[3] + 1);
    EXPECT_FALSE(iban_checksum(wrong)) << wrong;
  }
}

TEST(Iban, KnowsNoLengthForCountriesWithoutIbans) {
  EXPECT_EQ(iban_length('U', 'S'), 0U);
  EXPECT_EQ(iban_length('Z', 'Z'), 0U);
  EXPECT_EQ(iban_length('d', 'e'), 0U);
}

TEST(Ssn, FollowsTheRangesOfTheSocialSecurityAdministration) {
  EXPECT_TRUE(ssn_numbers("123-45-6789"));
  EXPECT_TRUE(ssn_numbers("665 01 0001"));
  EXPECT_TRUE(ssn_numbers("899999999"));
  EXPECT_FALSE(ssn_numbers("000-45-6789"));
  EXPECT_FALSE(ssn_numbers("666-45-6789"));
  EXPECT_FALSE(ssn_numbers("900-45-6789"));
  EXPECT_FALSE(ssn_numbers("123-00-6789"));
  EXPECT_FALSE(ssn_numbers("123-45-0000"));
  EXPECT_FALSE(ssn_numbers("123-45-678"));
  EXPECT_FALSE(ssn_numbers("123-45-67890"));
}

TEST(Nino, RefusesPrefixesThatAreNeverAllocated) {
  EXPECT_TRUE(nino_prefix('A', 'B'));
  EXPECT_TRUE(nino_prefix('J', 'G'));
  EXPECT_TRUE(nino_prefix('O', 'A'));
  for (const char* prefix : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "DA", "FA", "IA", "QA",
                             "UA", "VA", "AD", "AF", "AI", "AQ", "AU", "AV", "AO", "ab"}) {
    EXPECT_FALSE(nino_prefix(prefix[0], prefix[1])) << prefix;
  }
}

TEST(CountryCode, TellsItsLength) {
  EXPECT_EQ(country_code("14155552671"), 1U);
  EXPECT_EQ(country_code("74951234567"), 1U);
  EXPECT_EQ(country_code("442079460958"), 2U);
  EXPECT_EQ(country_code("35312345678"), 3U);
  EXPECT_EQ(country_code("50312345678"), 3U);
  EXPECT_EQ(country_code("2101234567"), 0U);  // 210 is not assigned
  EXPECT_EQ(country_code("0123456789"), 0U);
  EXPECT_EQ(country_code("44"), 0U);
}

TEST(StandsAlone, LooksAtBothNeighbours) {
  EXPECT_TRUE(stands_alone("123", 0, 3, ".-"));
  EXPECT_TRUE(stands_alone("a. 123.", 3, 6, ".-"));
  EXPECT_FALSE(stands_alone("a123", 1, 4, ".-"));
  EXPECT_FALSE(stands_alone("123_", 0, 3, ".-"));
  EXPECT_FALSE(stands_alone("9.123", 2, 5, ".-"));
  EXPECT_FALSE(stands_alone("123-4", 0, 3, ".-"));
  EXPECT_TRUE(stands_alone("123-4", 0, 3, "."));
  EXPECT_TRUE(
      stands_alone("\xC3\xA9"
                   "123\xE3\x81\xA7",
                   2, 5, ".-"));
}

TEST(WordBefore, WantsAWholeWordNearby) {
  EXPECT_TRUE(ssn_word_before("SSN: 123456789", 5));
  EXPECT_TRUE(ssn_word_before("user_ssn=123456789", 9));
  EXPECT_TRUE(ssn_word_before("Social Security number 123456789", 23));
  EXPECT_FALSE(ssn_word_before("assn 123456789", 5));
  EXPECT_FALSE(ssn_word_before("ssn" + std::string(50, ' ') + "123456789", 53));
  EXPECT_TRUE(sin_word_before("SIN 046454286", 4));
  EXPECT_FALSE(sin_word_before("since 046454286", 6));
  EXPECT_FALSE(sin_word_before("cosin 046454286", 6));
}

}  // namespace
}  // namespace plog::redact
