func.func @abs(%input: tensor<?xf32>) -> tensor<?xf32> {
  %result = math.absf %input : tensor<?xf32>
  return %result : tensor<?xf32>
}
