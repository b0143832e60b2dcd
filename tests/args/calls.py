"""Makes a C file from the public headers: for each function its name, its parameters, the statuses that its comment
promises, and how to call it with an array of values (calls.h). What it cannot read is an error, so that nothing is left
out.

    calls.py HEADER... OUTPUT
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# How a C type travels in a value of calls.h, and the cast that brings it back.
MEMBERS = {
    "int": ("integer", "(int)"),
    "int64_t": ("integer", ""),
    "uint64_t": ("integer", "(uint64_t)"),
    "double": ("real", ""),
    "const char *": ("text", ""),
    "lebm_progress_fn": ("progress", ""),
    "lebm_density_fn": ("density", ""),
}


def member(c_type: str) -> tuple[str, str]:
    if c_type in MEMBERS:
        return MEMBERS[c_type]
    if not c_type.endswith("*"):
        sys.exit(f"a type that no argument had so far: '{c_type}'")
    return "pointer", ""


def result_member(c_type: str) -> str:
    is_array = c_type.startswith("const ") and c_type not in MEMBERS
    return "borrowed" if is_array else member(c_type)[0]


def documented_declarations(text: str) -> list[tuple[str, str]]:
    """Each declaration with the comment before it; a comment stands for all declarations up to the next one."""
    declarations, comment = [], ""
    for token in re.finditer(r"/\*\*(?!<)(.*?)\*/|LEBM_API ([^;]*);", text, re.S):
        if token[1] is not None:
            comment = re.sub(r"\s*\n \*\s*", " ", token[1])
        else:
            declarations.append((" ".join(token[2].split()), comment))
    return declarations


def parse(declaration: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Result, name and parameters."""
    parts = re.fullmatch(r"((?:const )?\w+ \**)(\w+)\((.*)\)", declaration)
    if not parts:
        sys.exit(f"not a declaration that this script can read: {declaration}")
    parameters = []
    for parameter in [] if parts[3] == "void" else parts[3].split(", "):
        declared = re.fullmatch(r"((?:const )?\w+ \**)(\w+)", parameter)
        if not declared:
            sys.exit(f"not a parameter that this script can read: {parameter}")
        parameters.append((declared[1].strip(), declared[2]))
    return parts[1].strip(), parts[2], parameters


def promise(comment: str) -> set[str]:
    """The statuses that a function may return, by its comment, which has to name them all itself."""
    returns = re.search(r"@return(.*?)(Threads:|@param|$)", comment, re.S)
    return set(re.findall(r"LEBM_(?:OK|STOPPED|ERR_\w+)", returns[1])) if returns else set()


def main() -> None:
    *headers, output = sys.argv[1:]
    text = "\n".join(Path(header).read_text() for header in headers)
    text = re.sub(r"^#.*", "", text, flags=re.M)
    declarations = documented_declarations(text)
    if len(declarations) != len(re.findall(r"^LEBM_API ", text, re.M)):
        sys.exit(f"{len(declarations)} functions read, but there are more or less")
    callers, rows = [], []
    for declaration, comment in declarations:
        result, name, parameters = parse(declaration)
        statuses = promise(comment) if result == "int" else set()
        if result == "int" and not {"LEBM_OK", "LEBM_ERR_INVALID"} <= statuses:
            sys.exit(f"the comment of {name}() has no list of its statuses")
        arguments = ", ".join(f"{member(c)[1]}a[{i}].{member(c)[0]}" for i, (c, _) in enumerate(parameters))
        keep = "" if result == "void" else f"r.{result_member(result)} = "
        callers.append(
            f"static value call_{name}(const value *a)\n{{\n    value r = {{.integer = 0}};\n"
            f"    (void)a;\n    {keep}{name}({arguments});\n    return r;\n}}\n"
        )
        listed = ", ".join(
            f'{{"{c}", "{p}", {int(re.search(rf"@param {p} [^@]*or NULL", comment) is not None)}}}'
            for c, p in parameters
        )
        rows.append(
            f'    {{"{name}", "{result}", call_{name}, "{" ".join(sorted(statuses))} ", {len(parameters)},\n'
            f"     {{{listed or '{0}'}}}}},\n"
        )
    Path(output).write_text(
        '/* Made from the headers by calls.py. */\n#include "args/calls.h"\n\n'
        + "\n".join(callers)
        + "\nconst function functions[] = {\n"
        + "".join(rows)
        + "};\n\nconst int function_count = sizeof functions / sizeof *functions;\n"
    )


main()
