import { calledName } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noParseIntRadix = defineRule(
    {
        message:
            "parseInt() ignores its radix: it reads decimal digits, or hexadecimal digits after 0x. Omit the radix. For another base, parse the digits yourself",
        fact: "1.2",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (calledName(node) === "parseInt" && node.arguments.length > 1) report(node)
        },
    })
)
