import { isPromise } from "../type-queries.js"
import { rule } from "../define-rule.js"

/** The compiler says so only for code that the image reaches; a library's other half stays broken unseen. */
export const awaitDirectly = rule(
    "an async call must stand right after `await`: DeviceScript has no Promise object to keep or return. `await` it, or start a fiber with `runGuarded.start(...)` (facts 1.1)",
    (context, report) => ({
        CallExpression(node) {
            if (node.parent.type !== "AwaitExpression" && isPromise(context, node)) report(node)
        },
    })
)
