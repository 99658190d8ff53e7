// Says at the end of a process what it took: peak memory in KB, CPU time in microseconds.
process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    process.stderr.write(`usage ${maxRSS} ${userCPUTime + systemCPUTime}\n`)
})
