module extra
  implicit none
  integer, parameter :: unused = 1
end module extra
