import { isPromise } from "../type-queries.js"
import { defineRule } from "../define-rule.js"

/** The compiler reports such a call only in code that the image uses. Unused functions of a library would go unchecked. */
export const awaitDirectly = defineRule(
    {
        message:
            "An async call must directly follow `await`, because DeviceScript has no Promise object to store or return. Use `await`, or start a fiber with `runGuarded.start(...)`",
        fact: "1.1",
    },
    (context, report) => ({
        CallExpression(node) {
            if (node.parent.type !== "AwaitExpression" && isPromise(context, node)) report(node)
        },
    })
)
