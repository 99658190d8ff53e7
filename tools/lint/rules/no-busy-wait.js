import { calledName, contains } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

const isMillis = node => node.type === "CallExpression" && calledName(node) === "millis"
const isAwait = node => node.type === "AwaitExpression"

export const noBusyWait = defineRule(
    {
        message:
            "ds.millis() does not advance while a fiber runs, so this loop ends in an InfiniteLoop panic. Call `await ds.sleep(...)` in the loop",
        fact: "1.2, 1.3",
    },
    ({ sourceCode }, report) => {
        function check(node) {
            if (!contains(sourceCode, node.test, isMillis)) return
            if (!contains(sourceCode, node, isAwait)) report(node.test)
        }
        return { WhileStatement: check, DoWhileStatement: check, ForStatement: check }
    }
)
