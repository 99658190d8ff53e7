import { isMethodCall } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const sortComparator = defineRule(
    {
        message:
            "sort() without a comparator compares strings as numbers, so that it does not sort them. Pass a comparator",
        fact: "1.2",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "sort") && node.arguments.length === 0) report(node)
        },
    })
)
