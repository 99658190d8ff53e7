import { calledName } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noParseIntRadix = rule(
    "parseInt() ignores its radix: it reads decimal, or hexadecimal after 0x (facts 1.2). Leave the radix out, and for another base parse the digits yourself",
    (_context, report) => ({
        CallExpression(node) {
            if (calledName(node) === "parseInt" && node.arguments.length > 1) report(node)
        },
    })
)
