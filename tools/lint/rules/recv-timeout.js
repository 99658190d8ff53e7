import { isMethodCall } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const recvTimeout = rule(
    "recv() without a timeout waits for ever once the link is dead or closed: close() does not wake it (facts D9). Pass milliseconds",
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "recv") && node.arguments.length === 0) report(node)
        },
    })
)
