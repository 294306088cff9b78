program report
  use volume
  use kinds
  ! use extra
  implicit none
  print *, int(cube(real(limit, real_kind)))
end program report
