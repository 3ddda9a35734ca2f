"""Texts that between them use everything a reply can hold."""

EVERYTHING = """\
# Title *with* emphasis ##

Some **bold**, _em_, ~~gone~~ and `code` with [a link](https://example.org/a_b "title"),
https://example.org/x_(y), <https://auto.example>, $x^2$, \\(y\\) and $5 and $10.\\
Hard break, &copy; and \\*escape\\*. 中文 text
Setext
---

- one
- two
  continued

  paragraph
  - nested
    1. deep
       ```python
       def f(a):
           '''doc

           string'''
           return a  # 😀
       ```
    2) other
- [x] done
- [ ] to do

  loose

7. seven
8. eight

> quote
lazy **bold
still bold**
> > deeper
> - item
>
> ```js
> /* a
>    b */ let x = `t
> ${1}`;

| a | b \\| c | d |
|:--|:-:|--:|
| 1 | `x` | **y** |
| short
| 1 | 2 | 3 | 4 |

$$
a
- b = \\frac{1}{2}
$$

\\[ c \\]

    indented

    code

***
![alt](https://images.example/i.png) [ref][late] [ref] [bad](javascript:alert)
1. a
2. b

```unclosed language
x < y && "z"
"""

SMALL = (
    "",
    "\n",
    "a",
    "a\r\nb\rc\n\r\n",
    "- a\n\n- b\n",
    "- a\n- b\n\n\n- c",
    "-\n\n  a",
    "- - - a\n- - -",
    "* * *\n* a\n***",
    "1. a\n1) b\n2. c",
    "a\n===\nb\n---\n---",
    "a | b\n--- | ---\nc | d\n\ne",
    "|a|\n|-|\n|b|\n# c",
    "text\n| a | b |\n|---|---|\n- c",
    "```\na\n``\n```\nb",
    "````md\n```\nx\n```\n````\ny",
    "> ```\n> a\nb",
    "- ```\n  a\n b",
    "\tcode\n\n\n\tmore\n\nx",
    "- a\n\n\tcode?\n",
    "> a\nb\n> c\n\nd",
    "[a]: https://a.example 'title'\n[b]:\n<https://b.example>\n[a] [b] [c]",
    "[a]\n\n[a]: https://a.example",
    "- [a]\n\n> [a]: https://a.example\n\n[A]",
    "$$x$$ and $$\ny\n$$",
    "$$\nnever closed\n\nnext",
    "\\[\na\n\\]\nb \\( c \\) d",
    "`a\nb` **c\nd** *e",
    "a  \nb\\\nc",
    "# a\n#b\n#\n####### c\n## d #e #",
    "&amp; &lt;b&gt; <b> <!-- -->",
    "a\u2028b\u0085c\x0bd\x00e\ud800f\u202eg",
    "[x]: <javascript:alert(1)>\n[x]",
    "- [x]\n- [x] \n- [x] a\n- [y] b\n- [ ]c",
)
