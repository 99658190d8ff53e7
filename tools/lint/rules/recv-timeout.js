import { isMethodCall } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const recvTimeout = defineRule(
    {
        message:
            "recv() without a timeout waits forever on a dead or closed connection, because close() does not wake it. Pass a timeout in milliseconds",
        fact: "D9",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "recv") && node.arguments.length === 0) report(node)
        },
    })
)
