


aConst

bAddV2agone:2^missing


aConst