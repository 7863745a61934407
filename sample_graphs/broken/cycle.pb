

aIdentityb

bIdentitya

cIdentityc