import { isCallOf } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noJsonStringify = defineRule(
    {
        message:
            "JSON.stringify() writes invalid JSON for some doubles: 9.99999999 becomes `:`. Build the text from rounded numbers, as devs/agent/moored-session.ts does. Write settings through devs/store/settings-store.ts",
        fact: "D3",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (isCallOf(node, "JSON", "stringify")) report(node)
        },
    })
)
