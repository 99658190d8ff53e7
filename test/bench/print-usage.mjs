// Prints the used resources at the end of a process: peak memory in KB and CPU time in microseconds.
process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    process.stderr.write(`usage ${maxRSS} ${userCPUTime + systemCPUTime}\n`)
})
