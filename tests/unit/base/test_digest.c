#include "support.h"

#include "base/digest.h"

#include <stdlib.h>

static void check_hex(const unsigned char *data, size_t len, const char *expected)
{
	char text[2 * SHA256_SIZE + 1];
	hex_encode(data, len, text);
	assert_string_equal(text, expected);
}

static void check_sha256(const char *text, const char *expected)
{
	unsigned char out[SHA256_SIZE];
	sha256(text, strlen(text), out);
	check_hex(out, sizeof(out), expected);
}

/* FIPS 180-4 examples. */
static void test_sha256_vectors(void **state)
{
	check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_sha256_million(void **state)
{
	struct sha256 s;
	unsigned char out[SHA256_SIZE];
	char piece[999];
	memset(piece, 'a', sizeof(piece));
	sha256_init(&s);
	for (size_t left = 1000000; left;) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);
		sha256_update(&s, piece, n);
		left -= n;
	}
	sha256_final(&s, out);
	check_hex(out, sizeof(out), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the block and every cut gives the same digest. */
static void test_sha256_pieces(void **state)
{
	unsigned char text[200], whole[SHA256_SIZE], parts[SHA256_SIZE];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len < sizeof(text); len++) {
		sha256(text, len, whole);
		for (size_t cut = 0; cut <= len; cut += 13) {
			struct sha256 s;
			sha256_init(&s);
			sha256_update(&s, text, cut);
			sha256_update(&s, text + cut, len - cut);
			sha256_final(&s, parts);
			assert_memory_equal(whole, parts, SHA256_SIZE);
		}
	}
}

static void check_hmac(struct view key, struct view data, const char *expected)
{
	unsigned char out[SHA256_SIZE];
	hmac_sha256(key, data.data, data.len, out);
	check_hex(out, strlen(expected) / 2, expected);
}

/* RFC 4231, test cases 1 to 7. */
static void test_hmac_vectors(void **state)
{
	char k1[20], k3[20], d3[50], k4[25], d4[50], k5[20], k6[131];
	memset(k1, 0x0b, sizeof(k1));
	memset(k3, 0xaa, sizeof(k3));
	memset(d3, 0xdd, sizeof(d3));
	for (int i = 0; i < 25; i++)
		k4[i] = (char)(i + 1);
	memset(d4, 0xcd, sizeof(d4));
	memset(k5, 0x0c, sizeof(k5));
	memset(k6, 0xaa, sizeof(k6));
	check_hmac((struct view){ k1, 20 }, VIEW("Hi There"),
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_hmac(VIEW("Jefe"), VIEW("what do ya want for nothing?"),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check_hmac((struct view){ k3, 20 }, (struct view){ d3, 50 },
		   "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	check_hmac((struct view){ k4, 25 }, (struct view){ d4, 50 },
		   "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	check_hmac((struct view){ k5, 20 }, VIEW("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b");
	check_hmac((struct view){ k6, 131 }, VIEW("Test Using Larger Than Block-Size Key - Hash Key First"),
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_hmac(
		(struct view){ k6, 131 },
		VIEW("This is a test using a larger than block-size key and a larger than block-size data. "
		     "The key needs to be hashed before being used by the HMAC algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 3720 B.4. */
static void test_crc32c_vectors(void **state)
{
	unsigned char block[32];
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
	memset(block, 0, sizeof(block));
	assert_int_equal(crc32c(0, block, 32), 0x8A9136AA);
	memset(block, 0xff, sizeof(block));
	assert_int_equal(crc32c(0, block, 32), 0x62A8AB43);
	for (int i = 0; i < 32; i++)
		block[i] = (unsigned char)i;
	assert_int_equal(crc32c(0, block, 32), 0x46DD794E);
}

static void test_crc32c_goes_on(void **state)
{
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
}

static void check_base64(const char *text, const char *expected)
{
	struct buf b;
	buf_init(&b);
	base64_append(&b, text, strlen(text));
	assert_string_equal(buf_str(&b), expected);
	buf_fini(&b);
}

/* RFC 4648 section 10. */
static void test_base64_vectors(void **state)
{
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foo", "Zm9v");
	check_base64("foob", "Zm9vYg==");
	check_base64("fooba", "Zm9vYmE=");
	check_base64("foobar", "Zm9vYmFy");
	check_base64("\xff\xfe\xfd", "//79");
}

static void test_secret_equal(void **state)
{
	assert_true(secret_equal(VIEW("key"), VIEW("key")));
	assert_true(secret_equal(VIEW(""), (struct view){ NULL, 0 }));
	assert_false(secret_equal(VIEW("key"), VIEW("kez")));
	assert_false(secret_equal(VIEW("xey"), VIEW("key")));
	assert_false(secret_equal(VIEW("key"), VIEW("keyy")));
	assert_false(secret_equal(VIEW("key\0"), VIEW("key")));
	assert_false(secret_equal(VIEW(""), VIEW("k")));
}

static void check_md5(const char *text, const char *expected)
{
	unsigned char out[MD5_SIZE];
	md5(text, strlen(text), out);
	check_hex(out, sizeof(out), expected);
}

/* RFC 1321, A.5; the last one fills two blocks, and lengths around the end of a block were made with another program. */
static void test_md5_vectors(void **state)
{
	check_md5("", "d41d8cd98f00b204e9800998ecf8427e");
	check_md5("abc", "900150983cd24fb0d6963f7d28e17f72");
	check_md5("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
	check_md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a");
	check_md5("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "ef1772b6dff9a122358552954ad0df65");
	check_md5("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "3b0c8ac703f828b04c6c197006d17218");
	check_md5("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "014842d480b571495a4a0363793f7367");
}

static void test_random_bytes(void **state)
{
	unsigned char a[1000] = { 0 }, b[1000] = { 0 };
	assert_int_equal(random_bytes(a, sizeof(a)), 0);
	assert_int_equal(random_bytes(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 900, b + 900, 100); /* past the first 256 as well */
	assert_int_equal(random_bytes(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_vectors), cmocka_unit_test(test_sha256_million),
		cmocka_unit_test(test_sha256_pieces),  cmocka_unit_test(test_hmac_vectors),
		cmocka_unit_test(test_crc32c_vectors), cmocka_unit_test(test_crc32c_goes_on),
		cmocka_unit_test(test_base64_vectors), cmocka_unit_test(test_secret_equal),
		cmocka_unit_test(test_md5_vectors),    cmocka_unit_test(test_random_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
