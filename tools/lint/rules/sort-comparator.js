import { isMethodCall } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const sortComparator = rule(
    "sort() without a comparator compares as numbers and leaves strings as they are (facts 1.2). Pass a comparator",
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "sort") && node.arguments.length === 0) report(node)
        },
    })
)
