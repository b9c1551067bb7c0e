import { environment } from './environment.ts';
import { authorizerOf, authorizerType } from './functions/authorizer.ts';
import { compile } from './program.ts';
import { anyValue, jsonOf } from './shape.ts';
import { dyn } from './types.ts';

const variables = { x: dyn, authorizer: authorizerType };
const x = { name: 'web-1', count: 3, ratio: 0.5, tags: ['a', 'b'], labels: { app: 'web' }, none: null };
const authorizer = authorizerOf(({ verb, resource, path, namespace, serviceAccount }) => ({
  allowed: verb === 'get' && (path === '/healthz' || (resource === 'pods' && namespace === 'x') || !!serviceAccount),
  reason: 'as tested',
}));

function evaluate(source: string): unknown {
  return jsonOf(compile(source, environment(variables)).run({ x: anyValue(x), authorizer }));
}

/** Each expression is true. */
const truths: Readonly<Record<string, readonly string[]>> = {
  operators: [
    '1 + 2 * 3 == 7 && 7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1',
    '1.5 + 1.5 == 3.0 && 2u + 3u == 5u && "a" + "b" == "ab" && [1] + [2] == [1, 2] && b"a" + b"b" == b"ab"',
    '1 == 1 && dyn(1) == 1.0 && dyn(1u) == 1 && 1 < 2.5 && 3u > 2 && "a" < "b" && false < true && !("a" == dyn(1))',
    '1 in [1, 2] && !(3 in [1, 2]) && "a" in {"a": 1} && dyn(1.0) in [1]',
    'true || 1 / 0 == 1',
    '1 / 0 == 1 || true',
    '!(1 / 0 == 1 && false)',
    '(1 < 2 ? "yes" : "no") == "yes"',
    '{"a": 1}["a"] == 1 && {1: "b"}[1] == "b" && [1, 2][1] == 2 && {"a": 1}.a == 1',
    '0xff == 255 && 1e3 == 1000.0 && r"\\d" == "\\\\d" && "\\u0041\\x42\\103" == "ABC" && """a"b""" == "a\\"b"',
    '-9223372036854775808 < 0 && size(b"\\xff\\x00") == 2',
    '// nothing but a remark before\n true',
  ],
  'dynamic values': [
    'x.count == 3 && x.ratio == 0.5 && x.labels.app == "web" && x["name"] == "web-1" && x.none == null',
    'has(x.labels) && !has(x.missing) && !has(x.labels.other) && has(x.labels.app)',
    'size(x.tags) == 2 && x.tags.size() == 2 && size("für") == 3 && size({"a": 1}) == 1',
    'type(x.count) == int && type(x.name) == string && type(1) == type(2) && type(null) == null_type',
    'type(x.tags) == list && type(x) == map && type(timestamp("2020-01-01T00:00:00Z")) == google.protobuf.Timestamp',
  ],
  macros: [
    '[1, 2].all(i, i > 0) && [1, 2].exists(i, i == 2) && [1, 2, 2].exists_one(i, i == 1) && [1].existsOne(i, true)',
    '[1, 2, 3].filter(i, i > 1) == [2, 3] && [1, 2].map(i, i * 2) == [2, 4] && [1, 2, 3].map(i, i > 1, i * 2) == [4, 6]',
    '{"a": 1, "b": 2}.all(k, k < "c") && {"a": 1}.map(k, k) == ["a"] && {"a": 1}.exists(k, v, k == "a" && v == 1)',
    '[5, 6].all(i, v, v == i + 5) && [5, 6].transformList(i, v, i * v) == [0, 6] && [1].existsOne(i, v, v == 1)',
    '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2} && {"a": "b"}.transformMapEntry(k, v, {v: k}) == {"b": "a"}',
    'cel.bind(y, 2, y * y) == 4 && cel.bind(y, [1], y.map(z, z + y[0])) == [2]',
    '[0, 2].exists(i, 2 / i == 1) && !{"a": 1}.exists(k, k == "b")',
    '[[1, 2], [3]].all(l, l.all(i, l.exists(j, j == i)))',
  ],
  conversions: [
    'int("12") == 12 && int(3.9) == 3 && int(5u) == 5 && uint(5) == 5u && double("1.5") == 1.5 && double(2) == 2.0',
    'string(12) == "12" && string(1.5) == "1.5" && string(true) == "true" && string(b"abc") == "abc" && string(7u) == "7"',
    'bool("true") && bytes("a") == b"a" && int(timestamp("1970-01-01T00:01:00Z")) == 60',
    'string(duration("90m")) == "5400s" && string(timestamp("2020-01-02T03:04:05.5Z")) == "2020-01-02T03:04:05.500Z".replace("00Z", "Z")',
  ],
  times: [
    'timestamp("2020-02-03T04:05:06.007Z").getFullYear() == 2020 && timestamp("2020-02-03T04:05:06Z").getMonth() == 1',
    'timestamp("2020-02-03T04:05:06Z").getDate() == 3 && timestamp("2020-02-03T04:05:06Z").getDayOfMonth() == 2',
    'timestamp("2020-02-03T04:05:06Z").getDayOfWeek() == 1 && timestamp("2020-02-03T04:05:06Z").getDayOfYear() == 33',
    'timestamp("2020-07-03T04:05:06Z").getHours("Europe/Berlin") == 6 && timestamp("2020-07-03T04:05:06Z").getHours("-02:00") == 2',
    'duration("1h30m") > duration("1h") && duration("1h").getMinutes() == 60 && duration("1.5s").getMilliseconds() == 500',
    'timestamp("2020-01-02T00:00:00Z") - timestamp("2020-01-01T00:00:00Z") == duration("24h")',
    'timestamp("2020-01-01T00:00:00Z") + duration("1s") == timestamp("2020-01-01T01:00:01+01:00")',
  ],
  strings: [
    '"hello".contains("ell") && "hello".startsWith("he") && "hello".endsWith("lo") && "tacocat".indexOf("ac") == 1',
    '"tacocat".lastIndexOf("a") == 5 && "tacocat".indexOf("a", 3) == 5 && "abc".charAt(1) == "b" && "abc".charAt(3) == ""',
    '"TacoCat".lowerAscii() == "tacocat" && "Taco".upperAscii() == "TACO" && "aXbX".replace("X", "-") == "a-b-"',
    '"aXbX".replace("X", "-", 1) == "a-bX" && "a,b".split(",") == ["a", "b"] && "a,b,c".split(",", 2) == ["a", "b,c"]',
    '"tacocat".substring(4) == "cat" && "tacocat".substring(0, 4) == "taco" && "  a ".trim() == "a" && "abc".reverse() == "cba"',
    '["a", "b"].join() == "ab" && ["a", "b"].join("-") == "a-b" && strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
    '"%s is %d, %.2f, %x".format(["a", 5, 1.5, 255]) == "a is 5, 1.50, ff" && "%s".format([[1, "a"]]) == "[1, a]"',
  ],
  'regular expressions': [
    '"abc123".matches("[0-9]+$") && !"abc".matches("^[0-9]+$") && matches("a", "a")',
    '"abc 123".find("[0-9]+") == "123" && "abc".find("[0-9]") == "" && "1 2 3".findAll("[0-9]") == ["1", "2", "3"]',
    '"1 2 3".findAll("[0-9]", 2) == ["1", "2"] && "1".findAll("[0-9]", 0) == []',
  ],
  lists: [
    '[1, 2, 3].isSorted() && !["b", "a"].isSorted() && [].isSorted() && [1, 3].sum() == 4 && [1.5, 0.5].sum() == 2.0',
    '[1, 3].min() == 1 && ["a", "b"].max() == "b" && [1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2',
    '[1].indexOf(5) == -1 && [1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2]].flatten() == [1, 2] && [1, 1].distinct() == [1]',
    '[3, 1].sort() == [1, 3] && [1, 2].reverse() == [2, 1] && lists.range(3) == [0, 1, 2]',
    'duration("3s") == [duration("1s"), duration("2s")].sum()',
    '[1, 3, 2].sortBy(e, -e) == [3, 2, 1] && ["bb", "a"].sortBy(e, e.size()) == ["a", "bb"] && [].sortBy(e, e) == []',
    '[[2, 1], [5, 4, 3], [9]].sortBy(e, e.size()).map(e, e.sortBy(i, i)[0]) == [9, 1, 3]',
  ],
  sets: [
    'sets.contains([1, 2], [2]) && !sets.contains([1], [2]) && sets.equivalent([1, 2, 2], [2, 1]) && sets.intersects([1], [1, 2])',
  ],
  optionals: [
    'x.?labels.?app.orValue("") == "web" && x.?labels.?other.orValue("none") == "none" && !x.?missing.?deep.hasValue()',
    'optional.of(1).value() == 1 && !optional.none().hasValue() && !optional.ofNonZeroValue("").hasValue()',
    'optional.none().or(optional.of(2)).value() == 2 && x.labels[?"app"].value() == "web" && !x.tags[?9].hasValue()',
    'x.?count.optMap(c, c + 1).value() == 4 && x.?count.optFlatMap(c, optional.of(c)).value() == 3',
    '[?x.?missing, 1] == [1] && {?"a": x.?missing, ?"b": x.?count} == {"b": 3} && x.?labels["app"].value() == "web"',
    '[optional.of(1), optional.none()].unwrapOpt() == [1] && optional.of(1) == optional.of(1)',
  ],
  quantities: [
    'isQuantity("1.5Gi") && !isQuantity("abc") && quantity("1k") == quantity("1000") && quantity("50M").isGreaterThan(quantity("20Mi"))',
    'quantity("50k").add(quantity("20k")) == quantity("70k") && quantity("50k").sub(20000) == quantity("30k")',
    'quantity("1500m").isInteger() == false && quantity("50k").asInteger() == 50000 && quantity("1500m").asApproximateFloat() == 1.5',
    'quantity("-5").sign() == -1 && quantity("1").compareTo(quantity("2")) == -1 && quantity("1").isLessThan(quantity("2"))',
  ],
  addresses: [
    'isURL("https://example.com:80/a?b=c") && !isURL("a b") && url("https://example.com:80/a").getPort() == "80"',
    'url("https://example.com:80/a%20b").getHost() == "example.com:80" && url("https://[::1]:80/").getHostname() == "::1"',
    'url("https://u@h/p%20q?k=a&k=b").getEscapedPath() == "/p%20q" && url("https://h/?k=a&k=b").getQuery()["k"] == ["a", "b"]',
    'url("/path").getScheme() == "" && url("https://h").getScheme() == "https"',
    'isIP("10.0.0.1") && !isIP("10.0.0.256") && ip("::1").family() == 6 && ip("127.0.0.1").isLoopback() && !isIP("::ffff:1.2.3.4")',
    'ip.isCanonical("127.0.0.1") && !ip.isCanonical("0:0::1") && ip("0.0.0.0").isUnspecified() && ip("8.8.8.8").isGlobalUnicast()',
    'ip("fe80::1").isLinkLocalUnicast() && ip("224.0.0.1").isLinkLocalMulticast() && string(ip("10.0.0.1")) == "10.0.0.1"',
    'isCIDR("10.0.0.0/8") && cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsIP(ip("10.1.2.3"))',
    'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")',
    'cidr("10.0.0.0/8").prefixLength() == 8 && cidr("10.1.0.0/8").ip() == ip("10.1.0.0") && string(cidr("10.0.0.0/8")) == "10.0.0.0/8"',
  ],
  formats: [
    '!format.dns1123Label().validate("a-b").hasValue() && format.dns1123Label().validate("A").hasValue()',
    'format.named("uuid").hasValue() && !format.named("other").hasValue() && !format.uri().validate("/a").hasValue()',
    '!format.date().validate("2021-02-01").hasValue() && format.date().validate("2021-02-31").hasValue()',
    'size(format.labelValue().validate("-a").value()) == 1',
  ],
  versions: [
    'isSemver("1.2.3-rc.1+b") && !isSemver("v1.2") && isSemver("v1.2", true) && semver("1.2.3").major() == 1',
    'semver("1.2.3").isGreaterThan(semver("1.2.3-rc.1")) && semver("1.0.0-rc.2").isLessThan(semver("1.0.0-rc.10"))',
    'semver("1.2.3").compareTo(semver("1.2.3+x")) == 0 && semver("01.2", true) == semver("1.2.0")',
  ],
  'authorizer checks': [
    'authorizer.group("").resource("pods").namespace("x").check("get").allowed() && authorizer.path("/healthz").check("get").allowed()',
    '!authorizer.group("").resource("pods").namespace("y").check("get").allowed()',
    'authorizer.serviceAccount("x", "y").group("").resource("nodes").name("n").check("get").reason() == "as tested"',
    '!authorizer.path("/healthz").check("post").errored() && authorizer.path("/a").check("post").error() == ""',
  ],
  'keys of JSON patches': ['jsonpatch.escapeKey("a/b~c") == "a~1b~0c"'],
};

describe.each(Object.entries(truths))('%s', (_what, sources) => {
  it.each(sources)('%s', (source) => expect(evaluate(source)).toBe(true));
});

it.each([
  ['1 / 0', 'division by zero'],
  ['1 % 0', 'modulus by zero'],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['-(-9223372036854775807 - 1)', 'integer overflow'],
  ['1u - 2u', 'unsigned integer overflow'],
  ['x.missing', 'no such key: missing'],
  ['x.tags[7]', 'index out of bounds: 7'],
  ['x.count.name', 'no such overload'],
  ['x.name + 1', 'no such overload: string, int'],
  ['x.count.startsWith("a")', 'no such overload: int.startsWith(string)'],
  ['{"a": 1}["b"]', 'no such key: b'],
  ['optional.none().value()', 'optional.none() dereference'],
  ['[1, 2].min() == 0 ? [].min() : int("x")', 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['"abc".substring(2, 1)', 'invalid substring range. start: 2, end: 1'],
  ['quantity("x")', 'quantities must match the regular expression'],
  ['x.name.matches(x.name + "(")', 'error parsing regexp'],
  ['{x.name: 1, "web-1": 2}', 'Failed with repeated key: web-1'],
  ['[1, 2].all(i, i / 0 > 1)', 'division by zero'],
])('%s fails with: %s', (source, message) => {
  expect(() => evaluate(source)).toThrow(message);
});
