// The event that the Node benchmarks record, the same as in python_sample.py.

export function sampleEvent(number) {
  return {
    actionType: "TOOL_CALL",
    actionName: "search_documents",
    actionInput: { query: `revenue of the northern region, run ${number}`, limit: 20 },
    actionOutput: { hits: 3, best: "Revenue report" },
    actionStatus: "success",
    labels: { team: "finance", env: "production" },
  };
}
