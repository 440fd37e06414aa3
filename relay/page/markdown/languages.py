"""The twenty languages whose code is coloured.

Pygments' own lexers take minutes for some texts of 20 KB (empty lines of C#, an open comment of Java): whatever
stands in a page's code is an app's, so only Pygments' kinds of tokens and its formatter are used. An expression here
never looks twice at what it has passed: its loops are possessive, what opens and doesn't close is taken to its end,
and what looks back or ahead looks at a character or two.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relay.page.markdown.language import Language

SLASHES = r"//[^\n]*+"
STARS = r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?"
HASH = r"#[^\n]*+"
HASH_APART = r"(?<![^\s;(])#[^\n]*+"
DASHES = r"--[^\n]*+"
DOUBLE = r'"(?:[^"\\\n]++|\\(?s:.))*+"?'
SINGLE = r"'(?:[^'\\\n]++|\\(?s:.))*+'?"
LETTER = r"'(?:[^'\\\n]|\\[^\n][^'\\\n]{0,10})'"
TICKED = r"`(?:[^`\\]++|\\(?s:.))*+`?"
TRIPLE = r'"""(?:[^"\\]++|\\(?s:.)|"(?!""))*+(?:""")?'
TRIPLE_SINGLE = r"'''(?:[^'\\]++|\\(?s:.)|'(?!''))*+(?:''')?"
OPEN_DOUBLE = r'"(?:[^"\\]++|\\(?s:.))*+"?'  # over several lines
OPEN_SINGLE = r"'[^']*+'?"
NUMBER = r"(?<![\w$])[0-9](?:\w|\.(?=[0-9]))*+"
PYTHON_PREFIX = r"(?:(?<!\w)[bBfFrRuU]{1,2})?"
MARKUP_COMMENT = r"<!--(?:[^-]++|-(?!->))*+(?:-->)?"
MARKUP_TAG = r"</?[A-Za-z][^<>]*+>?"

C_LIKE = MappingProxyType({"comment": (SLASHES, STARS), "string": (DOUBLE, SINGLE), "number": (NUMBER,)})
PREPROCESSED = MappingProxyType({**C_LIKE, "meta": (r"^[ \t]*+#[ \t]*+\w*+",)})
DECORATED = MappingProxyType(
    {
        "comment": (SLASHES, STARS),
        "string": (TRIPLE, DOUBLE, SINGLE),
        "number": (NUMBER,),
        "decorator": (r"@\w++",),
    }
)
SCRIPT = MappingProxyType({**DECORATED, "string": (DOUBLE, SINGLE, TICKED)})
MARKUP = MappingProxyType(
    {
        "comment": (MARKUP_COMMENT,),
        "meta": (r"<[!?][^<>]*+>?",),
        "key": (MARKUP_TAG,),
        "literal": (r"&#?\w{1,31};",),
    }
)
IN_TAG = MappingProxyType(
    {
        "string": (r'"[^"]*+"?', r"'[^']*+'?"),
        "key": (r"</?[\w:.-]++", r"/?>"),
        "attribute": (r"[\w:.@-]++",),
    }
)

C_WORDS = (
    "auto break case const continue default do else enum extern for goto if inline register restrict return sizeof"
    " static struct switch typedef union volatile while"
)
C_TYPES = (
    "bool char double float int long short signed size_t ssize_t unsigned void int8_t int16_t int32_t int64_t"
    " uint8_t uint16_t uint32_t uint64_t uintptr_t"
)
SCRIPT_WORDS = (
    "as async await break case catch class const continue debugger default delete do else export extends finally for"
    " from function get if import in instanceof let new of return set static super switch this throw try typeof var"
    " void while with yield"
)

LANGUAGES = (
    Language(
        label="Bash",
        names="bash sh shell zsh",
        patterns={
            "comment": (HASH_APART,),
            "variable": (r"\$\w++", r"\$\{[^}\n]{0,100}\}?", r"\$[@#?$!*-]"),
            "string": (OPEN_DOUBLE, OPEN_SINGLE),
            "number": (NUMBER,),
        },
        keywords="case do done elif else esac fi for function if in select then until while time",
        types=(
            "alias cd declare echo eval exec exit export kill local printf pwd read readonly return set shift source"
            " test trap umask unset wait"
        ),
        calls=False,
    ),
    Language(
        label="C", names="c h", patterns=PREPROCESSED, keywords=C_WORDS, types=C_TYPES, constants="NULL true false"
    ),
    Language(
        label="C++",
        names="cpp c++ cc cxx hpp",
        patterns=PREPROCESSED,
        keywords=(
            f"{C_WORDS} catch class co_await co_return co_yield concept consteval constexpr decltype delete explicit"
            " export final friend mutable namespace new noexcept operator override private protected public requires"
            " static_assert template this throw try typeid typename using virtual"
        ),
        types=f"{C_TYPES} wchar_t char8_t char16_t char32_t string vector map",
        constants="nullptr NULL true false",
    ),
    Language(
        label="C#",
        names="csharp c# cs",
        patterns={**PREPROCESSED, "string": (r'\$?@"(?:[^"]++|"")*+"?', TRIPLE, DOUBLE, SINGLE)},
        keywords=(
            "abstract as async await base break case catch checked class const continue default delegate do else enum"
            " event explicit extern finally fixed for foreach get goto if implicit in init interface internal is lock"
            " namespace new operator out override params partial private protected public readonly record ref return"
            " sealed set sizeof stackalloc static struct switch this throw try typeof unchecked unsafe using var"
            " virtual void volatile when where while yield"
        ),
        types="bool byte char decimal double dynamic float int long object sbyte short string uint ulong ushort",
        constants="null true false",
    ),
    Language(
        label="CSS",
        names="css",
        patterns={
            "comment": (STARS,),
            "string": (DOUBLE, SINGLE),
            "keyword": (r"@[\w-]++", r"!important\b"),
            "number": (r"#[0-9a-fA-F]{3,8}\b", r"(?<![\w-])[0-9][\w.%]*+"),
            "attribute": (r"(?<![\w-])[\w-]++(?=:)",),
            "key": (r"[.#][\w-]++",),
        },
    ),
    Language(
        label="Diff",
        names="diff patch",
        patterns={
            "heading": (r"^(?:\+\+\+|---|diff |[Ii]ndex)[^\n]*+",),
            "part": (r"^@@[^\n]*+",),
            "inserted": (r"^\+[^\n]*+",),
            "deleted": (r"^-[^\n]*+",),
        },
        calls=False,
    ),
    Language(
        label="Go",
        names="go golang",
        patterns={**C_LIKE, "string": (DOUBLE, SINGLE, r"`[^`]*+`?")},
        keywords=(
            "break case chan const continue default defer else fallthrough for func go goto if import interface map"
            " package range return select struct switch type var"
        ),
        types=(
            "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune"
            " string uint uint8 uint16 uint32 uint64 uintptr"
        ),
        constants="true false nil iota",
    ),
    Language(label="HTML", names="html htm vue", patterns=MARKUP, inside=IN_TAG, calls=False),
    Language(
        label="Java",
        names="java",
        patterns=DECORATED,
        keywords=(
            "abstract assert break case catch class continue default do else enum extends final finally for if"
            " implements import instanceof interface native new package permits private protected public record"
            " return sealed static strictfp super switch synchronized this throw throws transient try var volatile"
            " while yield"
        ),
        types="boolean byte char double float int long short void String",
        constants="null true false",
    ),
    Language(
        label="JavaScript",
        names="javascript js jsx mjs cjs node",
        patterns=SCRIPT,
        keywords=SCRIPT_WORDS,
        constants="null undefined true false NaN Infinity",
    ),
    Language(
        label="JSON",
        names="json jsonc json5",
        patterns={
            "key": (r'"(?:[^"\\\n]++|\\(?s:.))*+"(?=[ \t]?:)',),
            "comment": (SLASHES, STARS),
            "string": (DOUBLE,),
            "number": (r"(?<![\w.-])-?[0-9][\w.+-]*+",),
        },
        constants="null true false",
        calls=False,
    ),
    Language(
        label="Kotlin",
        names="kotlin kt kts",
        patterns=DECORATED,
        keywords=(
            "abstract actual annotation as break by catch class companion const constructor continue crossinline data"
            " do else enum expect external final finally for fun get if import in infix init inline inner interface"
            " internal is lateinit noinline object open operator out override package private protected public"
            " reified return sealed set super suspend tailrec this throw try typealias val var vararg when where"
            " while"
        ),
        types="Any Boolean Byte Char Double Float Int Long Nothing Short String Unit List Map Set",
        constants="null true false",
    ),
    Language(
        label="PHP",
        names="php",
        patterns={
            "meta": (r"<\?(?:php|=)?", r"\?>"),
            "decorator": (r"#\[[\w\\]*+",),
            "comment": (SLASHES, HASH, STARS),
            "variable": (r"\$\w++",),
            "string": (OPEN_DOUBLE, r"'(?:[^'\\]++|\\(?s:.))*+'?"),
            "number": (NUMBER,),
        },
        keywords=(
            "abstract and array as break callable case catch class clone const continue declare default do echo else"
            " elseif empty enum extends final finally fn for foreach function global goto if implements include"
            " include_once instanceof interface isset list match namespace new or print private protected public"
            " readonly require require_once return static switch throw trait try unset use while xor yield"
        ),
        types="bool float int iterable mixed never object string void self parent",
        constants="null true false",
        any_case=True,
    ),
    Language(
        label="Python",
        names="python py python3 py3",
        patterns={
            "string": tuple(PYTHON_PREFIX + one for one in (TRIPLE, TRIPLE_SINGLE, DOUBLE, SINGLE)),
            "comment": (HASH,),
            "decorator": (r"^[ \t]*+@[\w.]*+",),
            "number": (NUMBER,),
        },
        keywords=(
            "and as assert async await break case class continue def del elif else except finally for from global if"
            " import in is lambda match nonlocal not or pass raise return try type while with yield"
        ),
        types="bool bytes dict float frozenset int list object set str tuple self cls",
        constants="None True False Ellipsis NotImplemented",
    ),
    Language(
        label="Ruby",
        names="ruby rb",
        patterns={
            "comment": (HASH_APART,),
            "string": (OPEN_DOUBLE, SINGLE, r"(?<![\w:]):\w++"),
            "variable": (r"@{1,2}\w++", r"\$\w++"),
            "number": (NUMBER,),
        },
        keywords=(
            "alias and begin break case class def defined do else elsif end ensure for if in module next not or raise"
            " redo require require_relative rescue retry return self super then undef unless until when while yield"
            " attr_accessor attr_reader attr_writer include extend private protected public"
        ),
        constants="nil true false",
    ),
    Language(
        label="Rust",
        names="rust rs",
        patterns={
            "comment": (SLASHES, STARS),
            "string": (OPEN_DOUBLE, LETTER),
            "decorator": (r"#!?\[[^\]\n]{0,200}\]?",),
            "attribute": (r"'[a-z_]\w*+",),
            "number": (NUMBER,),
        },
        keywords=(
            "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move"
            " mut pub ref return self static struct super trait type union unsafe use where while"
        ),
        types=(
            "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize String Vec Option Result Box"
            " Self"
        ),
        constants="true false None Some Ok Err",
    ),
    Language(
        label="SQL",
        names="sql mysql postgres postgresql sqlite plsql",
        patterns={
            "comment": (DASHES, STARS),
            "string": (r"'(?:[^']++|'')*+'?",),
            "variable": (r'"[^"\n]*+"?', r"`[^`\n]*+`?"),
            "number": (NUMBER,),
        },
        keywords=(
            "add all alter and any as asc begin between by cascade case check column commit conflict constraint"
            " create cross default delete desc distinct do drop else end except exists explain extension fetch first"
            " for foreign from full function grant group having if ilike in index inner insert intersect into is join"
            " key left like limit not nothing offset on or order outer over partition primary references rename"
            " replace returning returns revoke right rollback row rows select set table temporary then to transaction"
            " trigger truncate union unique update using values view when where window with"
        ),
        types=(
            "bigint bigserial blob boolean bytea char date decimal double float int integer json jsonb numeric real"
            " serial smallint text time timestamp timestamptz uuid varchar"
        ),
        constants="null true false",
        any_case=True,
    ),
    Language(
        label="TypeScript",
        names="typescript ts tsx",
        patterns=SCRIPT,
        keywords=(
            f"{SCRIPT_WORDS} abstract asserts declare enum implements infer interface is keyof namespace override"
            " private protected public readonly satisfies type"
        ),
        types="any bigint boolean never number object string symbol unknown void Array Promise Record",
        constants="null undefined true false NaN Infinity",
    ),
    Language(
        label="XML",
        names="xml svg xsl xsd rss",
        patterns={"string": (r"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?",), **MARKUP},
        inside=IN_TAG,
        calls=False,
    ),
    Language(
        label="YAML",
        names="yaml yml",
        patterns={
            "comment": (r"(?<!\S)#[^\n]*+",),
            "key": (r"(?<![\w.$/-])[\w.$/-]++(?=:(?:\s|\Z))",),
            "string": (DOUBLE, r"(?<![\w])'[^'\n]*+'?"),
            "variable": (r"(?<!\S)[&*!][\w!-]++",),
            "number": (r"(?<![\w.-])-?[0-9][\w.:-]*+",),
        },
        constants="null true false yes no on off",
        calls=False,
    ),
)
NAMED: Mapping[str, Language] = MappingProxyType({name: one for one in LANGUAGES for name in one.names.split()})
