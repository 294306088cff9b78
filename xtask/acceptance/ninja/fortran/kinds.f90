module kinds
  implicit none
#include "limits.inc"
  integer, parameter :: real_kind = kind(1.0d0)
end module kinds
